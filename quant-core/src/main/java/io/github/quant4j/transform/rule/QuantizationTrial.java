// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.search.ActivationCalibration;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.RangeRule;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.statistic.ChannelRanges;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.InputTransform;
import java.util.List;
import java.util.Optional;

/**
 * What a transform is judged by: the output error of a group of layers that are quantized behind
 * it, with nearest rounding whatever the final rounding will be.
 *
 * <p>Without quantized activations the error is {@code tr(E H E^T)} in closed form. With them it is
 * measured on the sample of the input; without a sample, rounding noise is taken as independent and
 * uniform, with steps from the channels' ranges.
 *
 * @param weights the format and the scale search of the weights
 * @param activations how the input is quantized, or empty for float activations
 */
public record QuantizationTrial(Quantizer weights, Optional<ActivationScheme> activations) {
  /** Rows of a matrix that take part in a search; evenly spaced, so that it stays deterministic. */
  private static final int MOST_ROWS = 1024;

  /**
   * The trial of a quantizer.
   *
   * @param weights any quantizer of the weights; its rounding is replaced by nearest rounding, its
   *     scale search by the full range where that is a sensible choice
   * @param activations how the input is quantized, or empty for float activations
   * @return the trial
   */
  public static QuantizationTrial of(Quantizer weights, Optional<ActivationScheme> activations) {
    // Full ranges suit integers and minifloats, and clips are searched afterwards; fitted and
    // binary formats mean nothing without their search.
    boolean isPlain =
        weights.scheme().format() instanceof IntegerFormat
            || weights.scheme().format() instanceof MiniFloat;
    ScaleSearch search = isPlain ? new MinMaxSearch() : weights.search();
    return new QuantizationTrial(
        Quantizer.of(weights.scheme(), search, List.of(new NearestRounding())), activations);
  }

  /**
   * The error of a group after a transform.
   *
   * <p>Cost: {@code rows in^2} multiply-adds for each matrix, with at most 1024 of its rows.
   *
   * @param group the layers
   * @param transform the transform of their input
   * @return the summed squared error of all outputs over the tokens, up to a constant factor;
   *     infinite if the transform's weights are not finite
   */
  public double error(LayerGroup group, InputTransform transform) {
    LayerGroup part = withFewerRows(group);
    LayerGroup changed = part.after(transform);
    double error = 0;
    for (int i = 0; i < changed.weights().size(); i++) {
      FloatMatrix matrix = changed.weights().get(i);
      if (!matrix.isFinite()) {
        // Weights at the end of binary32's range, multiplied beyond it.
        return Double.POSITIVE_INFINITY;
      }
      FloatMatrix rounded = quantize(matrix, changed).dequantize();
      double scale = (double) group.weights().get(i).rows() / matrix.rows();
      error += scale * error(matrix, rounded, changed);
    }
    return error;
  }

  private QuantizedMatrix quantize(FloatMatrix matrix, LayerGroup changed) {
    Optional<Gram> gram = changed.statistics().flatMap(InputStatistics::gram);
    return gram.isPresent()
        ? weights.quantize(matrix, gram.get(), changed.compute())
        : weights.quantize(matrix, changed.compute());
  }

  private LayerGroup withFewerRows(LayerGroup group) {
    Granularity granularity = weights.scheme().granularity();
    boolean rowwise =
        granularity instanceof Granularity.PerChannel
            || granularity instanceof Granularity.PerGroup;
    if (!rowwise || group.weights().stream().allMatch(matrix -> matrix.rows() <= MOST_ROWS)) {
      return group;
    }
    LayerGroup part =
        LayerGroup.of(
            group.weights().stream().map(QuantizationTrial::someRows).toList(), group.compute());
    if (group.statistics().isPresent()) {
      part = part.withStatistics(group.statistics().get());
    }
    return group.sample().isPresent() ? part.withSample(group.sample().get()) : part;
  }

  private static FloatMatrix someRows(FloatMatrix matrix) {
    if (matrix.rows() <= MOST_ROWS) {
      return matrix;
    }
    FloatMatrix some = FloatMatrix.zeros(MOST_ROWS, matrix.columns());
    for (int i = 0; i < MOST_ROWS; i++) {
      int row = (int) ((long) i * matrix.rows() / MOST_ROWS);
      System.arraycopy(
          matrix.data(),
          row * matrix.columns(),
          some.data(),
          i * matrix.columns(),
          matrix.columns());
    }
    return some;
  }

  private double error(FloatMatrix matrix, FloatMatrix rounded, LayerGroup changed) {
    if (activations.isEmpty()) {
      return weightError(difference(rounded, matrix), changed);
    }
    if (changed.sample().isPresent()) {
      return sampleError(matrix, rounded, changed, changed.sample().get(), activations.get());
    }
    return weightError(difference(rounded, matrix), changed)
        + noise(rounded, changed, activations.get());
  }

  private static FloatMatrix difference(FloatMatrix a, FloatMatrix b) {
    FloatMatrix result = FloatMatrix.zeros(a.rows(), a.columns());
    for (int i = 0; i < result.data().length; i++) {
      result.data()[i] = a.data()[i] - b.data()[i];
    }
    return result;
  }

  /**
   * {@code tr(E H E^T) / tokens} with the best H that is known: full, diagonal, or the identity.
   */
  private static double weightError(FloatMatrix change, LayerGroup changed) {
    Optional<Gram> gram = changed.statistics().flatMap(InputStatistics::gram);
    if (gram.isPresent() && gram.get().weight() > 0) {
      return OutputError.total(change, gram.get(), changed.compute()) / gram.get().weight();
    }
    double[] moments = moments(changed);
    double error = 0;
    for (int i = 0; i < change.data().length; i++) {
      error += moments[i % moments.length] * change.data()[i] * change.data()[i];
    }
    return error;
  }

  private static double[] moments(LayerGroup changed) {
    double[] moments = new double[changed.size()];
    java.util.Arrays.fill(moments, 1);
    Optional<double[]> magnitudes = changed.statistics().flatMap(InputStatistics::meanAbsolute);
    for (int j = 0; j < moments.length && magnitudes.isPresent(); j++) {
      moments[j] = magnitudes.get()[j] * magnitudes.get()[j];
    }
    return moments;
  }

  private static double sampleError(
      FloatMatrix matrix,
      FloatMatrix rounded,
      LayerGroup changed,
      FloatMatrix sample,
      ActivationScheme scheme) {
    ActivationQuantizer quantizer =
        ActivationCalibration.fit(
            scheme, RangeRule.minMax(), changed.statistics(), changed.sample());
    int in = matrix.columns();
    int out = matrix.rows();
    int tokens = sample.rows();
    float[] quantized = new float[tokens * in];
    for (int t = 0; t < tokens; t++) {
      quantizer.fakeQuantize(sample.data(), t * in, in, quantized, t * in);
    }
    float[] error = new float[tokens * out];
    changed
        .compute()
        .multiplyTransposed(
            MatrixView.dense(quantized, tokens, in),
            MatrixView.of(rounded),
            false,
            MatrixView.dense(error, tokens, out));
    float[] exact = new float[tokens * out];
    changed
        .compute()
        .multiplyTransposed(
            MatrixView.of(sample),
            MatrixView.of(matrix),
            false,
            MatrixView.dense(exact, tokens, out));
    double sum = 0;
    for (int i = 0; i < error.length; i++) {
      double e = (double) error[i] - exact[i];
      sum += e * e;
    }
    return sum / Math.max(1, tokens);
  }

  /** {@code sum_j step_j^2 / 12 |W_j|^2}; a token's step is bounded by the largest channel's. */
  private static double noise(FloatMatrix rounded, LayerGroup changed, ActivationScheme scheme) {
    ChannelRanges ranges =
        changed
            .statistics()
            .flatMap(InputStatistics::ranges)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "sample: none, and the channels' ranges are not known; the error of "
                            + scheme
                            + " activations needs one of them"));
    float[] largest = ranges.absoluteMaximum();
    float overall = 0;
    for (float magnitude : largest) {
      overall = Math.max(overall, magnitude);
    }
    NumberFormat format = scheme.format();
    double halfLevels = (format.levels().length - 1) / 2.0;
    boolean perChannel = scheme.granularity().equals(ActivationGranularity.channel());
    double noise = 0;
    for (int row = 0; row < rounded.rows(); row++) {
      for (int j = 0; j < largest.length; j++) {
        double step = (perChannel ? largest[j] : overall) / halfLevels;
        double weight = rounded.data()[row * largest.length + j];
        noise += step * step / 12 * weight * weight;
      }
    }
    return noise;
  }
}
