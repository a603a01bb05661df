// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.statistic.UpstreamError;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.rule.LayerGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Measures what a recipe made of a layer. */
final class Reporter {
  private static final int MOST_ROWS = 1024;
  private static final int MOST_TOKENS = 256;

  private final Recipe recipe;
  private final LayerGroup group;
  private final Optional<FloatMatrix> heldOut;
  private final Optional<UpstreamError.Sample> pairs;
  private final Optional<Retargeting.Target> target;
  private final KernelOptions options;

  /**
   * Prepares to report on a layer.
   *
   * @param group with the weights as they were given
   * @param target what the layer is rounded towards, if that is something else
   */
  Reporter(
      Recipe recipe,
      LayerGroup group,
      LayerInput input,
      Optional<Retargeting.Target> target,
      KernelOptions options) {
    this.recipe = recipe;
    this.group = group;
    this.pairs =
        target
            .flatMap(_ -> input.upstreamError())
            .flatMap(UpstreamError::heldOut)
            .filter(some -> some.inputs().rows() > 0);
    this.target = target;
    this.heldOut =
        pairs.map(UpstreamError.Sample::inputs).or(input::heldOut).filter(rows -> rows.rows() > 0);
    this.options = options;
  }

  LinearReport report(
      LinearLayer layer,
      FloatMatrix weights,
      Decomposition.Result fitted,
      QuantizedLinear linear,
      LayerGroup changed) {
    Optional<Gram> gram = usable(changed.statistics());
    FloatMatrix change = difference(fitted.weights(), weights);
    double power = error(weights, gram);
    double unit = gram.map(Gram::weight).orElse(1.0);
    List<Double> passes = new ArrayList<>();
    for (double passed : fitted.errors()) {
      // Fits measure per token, or the plain norm where the moment is not known.
      passes.add(ratio(passed * unit, power));
    }
    Optional<InputStatistics> statistics = group.statistics();
    return new LinearReport(
        gram.isPresent(),
        nearestError(layer.weights()),
        ratio(fitted.error() * unit, power),
        passes,
        10 * Math.log10(1 / ratio(squares(change), squares(weights))),
        sampleError(layer, linear),
        heldOut.isPresent(),
        linear.bitsPerWeight(),
        linear.transform().map(transform -> transform.operationsPerToken()).orElse(0L),
        statistics.map(InputStatistics::tokens).orElse(0L),
        statistics.map(InputStatistics::skippedTokens).orElse(0L),
        usable(statistics).map(Reporter::deadChannels).orElse(0),
        notes(changed.statistics(), gram, fitted));
  }

  private static Optional<Gram> usable(Optional<InputStatistics> statistics) {
    return statistics
        .flatMap(InputStatistics::gram)
        .filter(
            gram -> {
              double trace = 0;
              for (float value : gram.diagonal()) {
                trace += value;
              }
              return trace > 0 && Double.isFinite(trace) && gram.weight() > 0;
            });
  }

  private List<String> notes(
      Optional<InputStatistics> statistics, Optional<Gram> gram, Decomposition.Result fitted) {
    List<String> notes = new ArrayList<>();
    target.ifPresent(wanted -> notes.add(wanted.note()));
    notes.addAll(fitted.notes());
    if (statistics.flatMap(InputStatistics::gram).isPresent() && gram.isEmpty()) {
      notes.add("the second moment of the input is zero or not finite and was not used");
    }
    return notes;
  }

  private static int deadChannels(Gram gram) {
    int dead = 0;
    for (float power : gram.diagonal()) {
      dead += power == 0 ? 1 : 0;
    }
    return dead;
  }

  private double nearestError(FloatMatrix weights) {
    Optional<Quantizer> main = recipe.decomposition().mainQuantizer();
    if (main.isEmpty()) {
      return Double.NaN;
    }
    Quantizer nearest =
        Quantizer.of(main.get().scheme(), new MinMaxSearch(), List.of(new NearestRounding()));
    Optional<Gram> gram = usable(group.statistics());
    FloatMatrix part = someRows(weights, main.get());
    FloatMatrix rounded = nearest.quantize(part, group.compute()).dequantize();
    return ratio(error(difference(rounded, part), gram), error(part, gram));
  }

  /** For a comparison some rows of a large matrix do, if its rows have scales of their own. */
  private static FloatMatrix someRows(FloatMatrix weights, Quantizer main) {
    int rows = weights.rows();
    int columns = weights.columns();
    if (rows <= MOST_ROWS || !main.scheme().granularity().layout(rows, columns).isRowwise()) {
      return weights;
    }
    FloatMatrix some = FloatMatrix.zeros(MOST_ROWS, columns);
    for (int i = 0; i < MOST_ROWS; i++) {
      int row = (int) ((long) i * rows / MOST_ROWS);
      System.arraycopy(weights.data(), row * columns, some.data(), i * columns, columns);
    }
    return some;
  }

  private double error(FloatMatrix change, Optional<Gram> gram) {
    return gram.isPresent()
        ? Math.max(0, OutputError.total(change, gram.get(), group.compute()))
        : squares(change);
  }

  private static double squares(FloatMatrix matrix) {
    double sum = 0;
    for (float value : matrix.data()) {
      sum += (double) value * value;
    }
    return sum;
  }

  /** Relative to a signal; nothing of nothing is no error. */
  private static double ratio(double error, double power) {
    return error == 0 ? 0 : error / Math.max(power, Double.MIN_NORMAL);
  }

  private static FloatMatrix difference(FloatMatrix a, FloatMatrix b) {
    FloatMatrix result = FloatMatrix.zeros(a.rows(), a.columns());
    for (int i = 0; i < result.data().length; i++) {
      result.data()[i] = a.data()[i] - b.data()[i];
    }
    return result;
  }

  /** Evenly spaced tokens, as the kernel may be a slow one. */
  private static FloatMatrix someTokens(FloatMatrix sample) {
    if (sample.rows() <= MOST_TOKENS) {
      return sample;
    }
    int columns = sample.columns();
    FloatMatrix some = FloatMatrix.zeros(MOST_TOKENS, columns);
    for (int i = 0; i < MOST_TOKENS; i++) {
      int token = (int) ((long) i * sample.rows() / MOST_TOKENS);
      System.arraycopy(sample.data(), token * columns, some.data(), i * columns, columns);
    }
    return some;
  }

  private void multiply(FloatMatrix rows, LinearLayer layer, boolean accumulate, float[] product) {
    MatrixView weights = MatrixView.of(layer.weights());
    group
        .compute()
        .multiplyTransposed(
            MatrixView.of(rows),
            weights,
            accumulate,
            MatrixView.dense(product, rows.rows(), weights.rows()));
  }

  /** What of the residual stream's error the layer was to make up for. */
  private float[] residualError(int size) {
    float[] result = new float[size];
    double share = target.map(Retargeting.Target::residual).orElse(0.0);
    Optional<FloatMatrix> errors = pairs.flatMap(UpstreamError.Sample::residualErrors);
    if (share > 0 && errors.isPresent()) {
      System.arraycopy(someTokens(errors.get()).data(), 0, result, 0, size);
    }
    return result;
  }

  private OptionalDouble sampleError(LinearLayer layer, QuantizedLinear linear) {
    Optional<FloatMatrix> rows = heldOut.or(group::sample).filter(some -> some.rows() > 0);
    if (rows.isEmpty()) {
      return OptionalDouble.empty();
    }
    FloatMatrix sample = someTokens(rows.get());
    int tokens = sample.rows();
    int out = linear.outFeatures();
    float[] exact = new float[tokens * out];
    multiply(sample, layer, false, exact);
    pairs.ifPresent(some -> multiply(someTokens(some.inputErrors()), layer, true, exact));
    float[] residual = residualError(tokens * out);
    float[] actual = new float[tokens * out];
    LinearKernel kernel = Kernels.forLinear(linear, options);
    kernel.multiply(sample.data(), 0, tokens, actual, 0);
    float[] bias = layer.bias().orElseGet(() -> new float[out]);
    double error = 0;
    double power = 0;
    for (int i = 0; i < actual.length; i++) {
      double wanted = exact[i] + (double) bias[i % out] + residual[i];
      error += (actual[i] - wanted) * (actual[i] - wanted);
      // The bias says nothing about the weights, so the signal is the product alone.
      power += (double) exact[i] * exact[i];
    }
    return OptionalDouble.of(ratio(error, power));
  }
}
