// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.search.ActivationCalibration;
import io.github.quant4j.statistic.ChannelRanges;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.DiagonalTransform;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Optional;

/** What the rules for diagonal transforms share: magnitudes of channels, and safe scales. */
final class ChannelScales {
  /** Scales stay within this factor of 1, so that products with them stay finite and normal. */
  private static final double LIMIT = 0x1p20;

  /** Quieter channels than this share of the mean channel count as that. */
  private static final double LEAST_SHARE = 0.1;

  private ChannelScales() {}

  /** The largest magnitude of each channel of the input. */
  static double[] inputMaximum(LayerGroup group, String rule) {
    float[] largest = ranges(group, rule).absoluteMaximum();
    double[] result = new double[largest.length];
    for (int j = 0; j < result.length; j++) {
      result[j] = largest[j];
    }
    return tied(result, group);
  }

  /**
   * The largest magnitude of each channel, but no less than a tenth of their mean.
   *
   * <p>A quiet channel sets no range, so little is gained by magnifying it. One that calibration
   * found all but silent would be magnified without limit, and take the range from all others when
   * it speaks: behind GELU, channels of Whisper's encoder go from 1e-31 to 2 with another speaker.
   */
  static double[] audibleMaximum(LayerGroup group, String rule) {
    double[] largest = inputMaximum(group, rule);
    double least = LEAST_SHARE * Arrays.stream(largest).average().orElse(0);
    double[] audible = new double[largest.length];
    for (int j = 0; j < audible.length; j++) {
      audible[j] = largest[j] > 0 ? Math.max(largest[j], least) : 0;
    }
    return audible;
  }

  static ChannelRanges ranges(LayerGroup group, String rule) {
    Optional<ChannelRanges> known = group.statistics().flatMap(InputStatistics::ranges);
    if (known.isPresent()) {
      return known.get();
    }
    return group
        .sample()
        .map(ActivationCalibration::observe)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    rule
                        + ": the ranges of the input's channels are not known; observe them, or"
                        + " after a rotation pass a sample of the input"));
  }

  /**
   * The mean magnitude of each channel, or the root mean square where that is all that is known.
   */
  static double[] inputMean(LayerGroup group, String rule) {
    Optional<double[]> mean = group.statistics().flatMap(InputStatistics::meanAbsolute);
    if (mean.isPresent()) {
      return tied(mean.get(), group);
    }
    Gram gram =
        group
            .statistics()
            .flatMap(InputStatistics::gram)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        rule + ": neither mean magnitudes nor the moment of the input are known"));
    double[] result = new double[gram.size()];
    for (int j = 0; j < result.length; j++) {
      double square = gram.values()[j * gram.size() + j] / Math.max(gram.weight(), 1e-30);
      result[j] = Math.sqrt(Math.max(0, square));
    }
    return tied(result, group);
  }

  /** The largest magnitude of each column over all layers of the group. */
  static double[] weightMaximum(LayerGroup group) {
    double[] largest = new double[group.size()];
    for (FloatMatrix matrix : group.weights()) {
      for (int i = 0; i < matrix.data().length; i++) {
        int j = i % largest.length;
        largest[j] = Math.max(largest[j], Math.abs(matrix.data()[i]));
      }
    }
    return tied(largest, group);
  }

  /** Tied channels get the largest value among them. */
  static double[] tied(double[] values, LayerGroup group) {
    Optional<int[]> ties = group.ties();
    if (ties.isEmpty()) {
      return values;
    }
    java.util.Map<Integer, Double> largest = new java.util.HashMap<>();
    for (int j = 0; j < values.length; j++) {
      largest.merge(ties.get()[j], values[j], Math::max);
    }
    double[] result = new double[values.length];
    for (int j = 0; j < values.length; j++) {
      result[j] = largest.getOrDefault(ties.get()[j], values[j]);
    }
    return result;
  }

  /** {@code input^alpha / weight^(1 - alpha)}; 1 for channels that are silent on either side. */
  static double[] mixed(double[] input, double[] weight, double alpha) {
    double[] scales = new double[input.length];
    for (int j = 0; j < scales.length; j++) {
      scales[j] =
          input[j] > 0 && weight[j] > 0
              ? Math.pow(input[j], alpha) / Math.pow(weight[j], 1 - alpha)
              : 1;
    }
    return scales;
  }

  /** Scales as a transform, kept within range. */
  static DiagonalTransform transform(double[] scales) {
    float[] values = new float[scales.length];
    for (int j = 0; j < values.length; j++) {
      double scale = Double.isFinite(scales[j]) && scales[j] > 0 ? scales[j] : 1;
      values[j] = (float) Math.clamp(scale, 1 / LIMIT, LIMIT);
    }
    return DiagonalTransform.of(values);
  }

  /** Divided by the geometric mean of smallest and largest, so that scales lie around 1. */
  static double[] centred(double[] scales) {
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (double scale : scales) {
      least = Math.min(least, scale);
      most = Math.max(most, scale);
    }
    double centre = Math.sqrt(least * most);
    double[] result = new double[scales.length];
    for (int j = 0; j < result.length; j++) {
      result[j] = centre > 0 && Double.isFinite(centre) ? scales[j] / centre : scales[j];
    }
    return result;
  }

  static double[] powersOfTwo(double[] scales) {
    double[] result = new double[scales.length];
    for (int j = 0; j < result.length; j++) {
      result[j] = Math.pow(2, Math.rint(Math.log(scales[j]) / Math.log(2)));
    }
    return result;
  }

  static String number(double value) {
    return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
  }

  static void requireShare(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + ": " + value + ", expected 0 to 1");
    }
  }
}
