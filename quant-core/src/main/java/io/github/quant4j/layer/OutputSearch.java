// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.recipe.Activations;
import io.github.quant4j.search.ActivationCalibration;
import io.github.quant4j.search.Minimize;
import io.github.quant4j.search.RangeRule;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.rule.LayerGroup;

/**
 * Chooses format and range of activations by the error of the layer's output over a sample, {@code
 * |X W^T - Q(X) Q(W)^T|^2}: LLM-FP4 (Liu et al., arXiv 2310.16836); FP8 versus INT8 (van Baalen et
 * al., arXiv 2303.17951).
 *
 * <p>Ranges are tried in the way of LLM-FP4: for minifloats the exponent bias of the full range
 * times 0.01 to 1.2, for others the range itself. Where the weights are one matrix with a scale for
 * each row and nearest rounding, their formats and scales are searched in turn with the range, see
 * {@link RowScaleSearch}. The format of the activations is chosen before that, for the weights as
 * they were fitted. Cost: for each candidate a product of the sample, of at most 128 tokens, and
 * the weights.
 *
 * @param activations the formats to choose from, and how their ranges are found
 * @param group what is known of the input
 */
record OutputSearch(Activations activations, LayerGroup group) {
  static final int CANDIDATES = 100;
  static final double LEAST_FACTOR = 0.01;
  static final double LARGEST_FACTOR = 1.2;
  private static final int MOST_TOKENS = 128;

  /** What was found: the weights are as they were given unless they were searched, too. */
  record Found(Decomposition.Result weights, ActivationQuantizer activations) {}

  static OutputSearch of(Activations activations, LayerGroup group) {
    return new OutputSearch(activations, group);
  }

  /** The inputs that outputs are compared on. */
  private FloatMatrix sample() {
    FloatMatrix all =
        group
            .sample()
            .filter(rows -> rows.rows() > 0)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "sample: none, but '"
                            + activations
                            + "' is chosen by the error of the output"));
    if (all.rows() <= MOST_TOKENS) {
      return all;
    }
    FloatMatrix some = FloatMatrix.zeros(MOST_TOKENS, all.columns());
    for (int i = 0; i < MOST_TOKENS; i++) {
      int row = (int) ((long) i * all.rows() / MOST_TOKENS);
      System.arraycopy(
          all.data(), row * all.columns(), some.data(), i * all.columns(), all.columns());
    }
    return some;
  }

  /** The quantizer of the range that a rule finds by the inputs alone. */
  private ActivationQuantizer calibrated(ActivationScheme scheme) {
    return ActivationCalibration.fit(
        scheme, activations.range(), group.statistics(), group.sample());
  }

  /** Chooses formats and ranges for fitted weights. */
  Found fit(Decomposition decomposition, FloatMatrix weights, Decomposition.Result fitted) {
    if (!activations.areSearched()) {
      return new Found(fitted, calibrated(activations.scheme()));
    }
    FloatMatrix sample = sample();
    FloatMatrix target = product(sample, weights, group.compute());
    Found best = null;
    double least = Double.POSITIVE_INFINITY;
    for (ActivationScheme scheme : activations.candidates()) {
      Found found = ranged(new Found(fitted, calibrated(scheme)), sample, target);
      double error = error(found, sample, target);
      if (best == null || error < least) {
        best = found;
        least = error;
      }
    }
    Found chosen = java.util.Objects.requireNonNull(best);
    return activations.range() instanceof RangeRule.OutputError(int rounds)
        ? inTurn(rounds, decomposition, weights, chosen, sample, target)
        : chosen;
  }

  /** The same weights with the range that is best for them, if the rule searches it by them. */
  private Found ranged(Found now, FloatMatrix sample, FloatMatrix target) {
    if (!(activations.range() instanceof RangeRule.OutputError)
        || now.activations().staticScales().length != 1) {
      return now;
    }
    Found next =
        new Found(now.weights(), range(now.activations(), now.weights().weights(), sample, target));
    return error(next, sample, target) < error(now, sample, target) ? next : now;
  }

  /** Scales of the weights for quantized inputs, then the range for these weights, and again. */
  private Found inTurn(
      int rounds,
      Decomposition decomposition,
      FloatMatrix weights,
      Found start,
      FloatMatrix sample,
      FloatMatrix target) {
    RowScaleSearch rows =
        RowScaleSearch.of(decomposition, weights, target, group.compute()).orElse(null);
    Found now = start;
    double least = error(now, sample, target);
    for (int round = 0; round < rounds && rows != null; round++) {
      Decomposition.Result changed = rows.fit(quantized(now.activations(), sample), now.weights());
      Found next = ranged(new Found(changed, now.activations()), sample, target);
      double error = error(next, sample, target);
      if (!(error < least)) {
        break;
      }
      least = error;
      now = next;
    }
    return now;
  }

  /** The range at which the output of given weights has the least error. */
  private ActivationQuantizer range(
      ActivationQuantizer full, FloatMatrix weights, FloatMatrix sample, FloatMatrix target) {
    NumberFormat format = full.scheme().format();
    float whole = full.staticScales()[0];
    return Minimize.argmin(
            Minimize.grid(LEAST_FACTOR, LARGEST_FACTOR, CANDIDATES).stream()
                .map(factor -> rescaled(full, scale(format, whole, factor)))
                .toList(),
            candidate ->
                difference(product(quantized(candidate, sample), weights, group.compute()), target))
        .argument();
  }

  /** Asymmetric zero points stay where they are in units of the scale. */
  private static ActivationQuantizer rescaled(ActivationQuantizer full, float scale) {
    return ActivationQuantizer.fixed(full.scheme(), new float[] {scale}, full.staticZeros());
  }

  /**
   * The scale of a candidate. For minifloats the real exponent bias {@code b = 2^E - log2(range) +
   * log2(2 - 2^-M) - 1} of the full range is multiplied by the factor; a scale is {@code 2^-b} up
   * to a constant of the format, so that it becomes {@code scale 2^(b (1 - factor))}.
   */
  static float scale(NumberFormat format, float whole, double factor) {
    if (!(format instanceof MiniFloat mini)) {
      return (float) Math.max(whole * factor, Float.MIN_NORMAL);
    }
    double range = (double) whole * mini.maximum();
    double bias =
        Math.scalb(1.0, mini.exponentBits())
            - log2(range)
            + log2(2 - Math.scalb(1.0, -mini.mantissaBits()))
            - 1;
    double scale = whole * Math.pow(2, bias * (1 - factor));
    return (float) Math.clamp(scale, Float.MIN_NORMAL, Float.MAX_VALUE / mini.maximum() / 2);
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }

  private static FloatMatrix quantized(ActivationQuantizer quantizer, FloatMatrix sample) {
    FloatMatrix result = FloatMatrix.zeros(sample.rows(), sample.columns());
    for (int t = 0; t < sample.rows(); t++) {
      int at = t * sample.columns();
      quantizer.fakeQuantize(sample.data(), at, sample.columns(), result.data(), at);
    }
    return result;
  }

  private double error(Found found, FloatMatrix sample, FloatMatrix target) {
    return difference(
        product(quantized(found.activations(), sample), found.weights().weights(), group.compute()),
        target);
  }

  static FloatMatrix product(FloatMatrix x, FloatMatrix weights, Compute compute) {
    FloatMatrix y = FloatMatrix.zeros(x.rows(), weights.rows());
    compute.multiplyTransposed(MatrixView.of(x), MatrixView.of(weights), false, MatrixView.of(y));
    return y;
  }

  static double difference(FloatMatrix a, FloatMatrix b) {
    double sum = 0;
    for (int i = 0; i < a.data().length; i++) {
      double d = (double) a.data()[i] - b.data()[i];
      sum += d * d;
    }
    return sum;
  }
}
