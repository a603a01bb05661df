// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.statistic.ChannelRanges;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.QuantileSketch;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns what calibration knows of an input into an activation quantizer. */
public final class ActivationCalibration {
  private static final double NARROWEST = 0.2;
  private static final int CANDIDATES = 17;
  private static final int ROUNDS = 3;

  private ActivationCalibration() {}

  /**
   * Whether a scheme needs calibration.
   *
   * @param scheme the scheme
   * @return true for static scales, and for NVFP4, whose tensor scale is static
   */
  public static boolean isNeeded(ActivationScheme scheme) {
    return scheme.granularity().isStatic() || scheme.scaleCodec() instanceof Nvfp4ScaleCodec;
  }

  /**
   * Makes a quantizer.
   *
   * @param scheme the scheme; a dynamic one takes no calibration, but for the tensor scale of
   *     NVFP4, which is taken from the range if there is one
   * @param rule how the range is chosen
   * @param statistics ranges of the channels, if known; if they have a sketch of quantiles,
   *     percentiles of a whole tensor come from it
   * @param sample rows of the input {@code [tokens, in]}, if there are any; it stands in for
   *     unknown ranges and quantiles, and the rules other than minmax need it
   * @return the quantizer
   * @throws IllegalArgumentException if the scheme or the rule needs what is not known
   */
  public static ActivationQuantizer fit(
      ActivationScheme scheme,
      RangeRule rule,
      Optional<InputStatistics> statistics,
      Optional<FloatMatrix> sample) {
    ChannelRanges ranges = isNeeded(scheme) ? ranges(statistics, sample) : null;
    if (!scheme.granularity().isStatic()) {
      ActivationQuantizer dynamic =
          ranges == null
              ? ActivationQuantizer.dynamic(scheme)
              : ActivationQuantizer.blocks(scheme, blockTensorScale(scheme, ranges));
      return rule instanceof RangeRule.Clip(double ratio)
          ? dynamic.withClipRatio(ratio)
          : dynamic;
    }
    if (ranges == null) {
      throw new IllegalArgumentException(
          "statistics: the ranges of the channels are not known, but "
              + scheme
              + " is static; after a rotation pass a sample of the input");
    }
    boolean perChannel = scheme.granularity() instanceof ActivationGranularity.PerChannel;
    Optional<QuantileSketch> quantiles =
        statistics
            .flatMap(InputStatistics::quantiles)
            .filter(_ -> !perChannel && rule instanceof RangeRule.Percentile);
    if (rule.needsValues() && sample.isEmpty() && quantiles.isEmpty()) {
      throw new IllegalArgumentException(
          "sample: none, but the range rule " + rule + " needs rows of the input");
    }
    FloatMatrix rows = sample.orElse(null);
    int channels = ranges.minimum().length;
    if (perChannel) {
      float[] scales = new float[channels];
      float[] zeros = new float[channels];
      for (int j = 0; j < channels; j++) {
        float[] values = rows == null ? new float[0] : column(rows, j);
        fit(scheme, rule, ranges.minimum()[j], ranges.maximum()[j], values, scales, zeros, j);
      }
      return ActivationQuantizer.fixed(scheme, scales, zeros);
    }
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < channels; j++) {
      low = Math.min(low, ranges.minimum()[j]);
      high = Math.max(high, ranges.maximum()[j]);
    }
    float[] scale = new float[1];
    float[] zero = new float[1];
    if (quantiles.isPresent() && rule instanceof RangeRule.Percentile(double percent)) {
      double[] range = percentile(quantiles.get(), percent, scheme.symmetric(), low, high);
      set(scheme, range[0], range[1], scale, zero, 0);
      return ActivationQuantizer.fixed(scheme, scale, zero);
    }
    fit(scheme, rule, low, high, rows == null ? new float[0] : rows.data(), scale, zero, 0);
    return ActivationQuantizer.fixed(scheme, scale, zero);
  }

  private static @Nullable ChannelRanges ranges(
      Optional<InputStatistics> statistics, Optional<FloatMatrix> sample) {
    Optional<ChannelRanges> known = statistics.flatMap(InputStatistics::ranges);
    return known.orElseGet(() -> sample.map(ActivationCalibration::observe).orElse(null));
  }

  /**
   * The ranges of the columns of a sample.
   *
   * @param sample rows of an input, {@code [tokens, in]}
   * @return smallest and largest value of each column; zeros if there is no row
   */
  public static ChannelRanges observe(FloatMatrix sample) {
    int columns = sample.columns();
    float[] low = new float[columns];
    float[] high = new float[columns];
    for (int t = 0; t < sample.rows(); t++) {
      for (int j = 0; j < columns; j++) {
        float value = sample.data()[t * columns + j];
        low[j] = t == 0 ? value : Math.min(low[j], value);
        high[j] = t == 0 ? value : Math.max(high[j], value);
      }
    }
    return new ChannelRanges(low, high);
  }

  private static float blockTensorScale(ActivationScheme scheme, ChannelRanges ranges) {
    float largest = 0;
    for (float magnitude : ranges.absoluteMaximum()) {
      largest = Math.max(largest, magnitude);
    }
    float scale = largest / (scheme.format().maximum() * MiniFloat.FP8_E4M3.maximum());
    return scale >= Float.MIN_NORMAL ? scale : 1f;
  }

  private static float[] column(FloatMatrix rows, int column) {
    float[] values = new float[rows.rows()];
    for (int t = 0; t < values.length; t++) {
      values[t] = rows.data()[t * rows.columns() + column];
    }
    return values;
  }

  private static void fit(
      ActivationScheme scheme,
      RangeRule rule,
      float seenLow,
      float seenHigh,
      float[] values,
      float[] scales,
      float[] zeros,
      int at) {
    double low = Math.min(0, seenLow);
    double high = Math.max(0, seenHigh);
    double[] range =
        switch (rule) {
          case RangeRule.MinMax() -> new double[] {low, high};
          // The search by the output begins with all that was seen.
          case RangeRule.OutputError _ -> new double[] {low, high};
          case RangeRule.Clip(double ratio) -> new double[] {low * ratio, high * ratio};
          case RangeRule.Percentile(double percent) ->
              percentile(values, percent, scheme.symmetric());
          case RangeRule.MeanSquaredError() -> {
            double factor =
                Minimize.coarseToFine(
                        NARROWEST,
                        1,
                        CANDIDATES,
                        ROUNDS,
                        share -> error(scheme, low * share, high * share, values))
                    .argument();
            yield new double[] {low * factor, high * factor};
          }
        };
    set(scheme, range[0], range[1], scales, zeros, at);
  }

  /** Ranges always include zero, which a layer's padding and its bias correction rely on. */
  private static double[] percentile(float[] values, double percent, boolean symmetric) {
    float[] sorted = values.clone();
    if (symmetric) {
      for (int i = 0; i < sorted.length; i++) {
        sorted[i] = Math.abs(sorted[i]);
      }
    }
    Arrays.sort(sorted);
    if (sorted.length == 0) {
      return new double[] {0, 0};
    }
    double tail = (100 - percent) / 100;
    int last = sorted.length - 1;
    if (symmetric) {
      double high = sorted[(int) Math.ceil(last * (1 - tail))];
      return new double[] {-high, high};
    }
    double low = sorted[(int) Math.floor(last * tail / 2)];
    double high = sorted[(int) Math.ceil(last * (1 - tail / 2))];
    return new double[] {Math.min(0, low), Math.max(0, high)};
  }

  /** The same of all values rather than a sample; a bucket's middle may lie beyond the range. */
  private static double[] percentile(
      QuantileSketch values, double percent, boolean symmetric, double least, double largest) {
    double tail = (100 - percent) / 100;
    if (symmetric) {
      double high = Math.min(values.magnitudeQuantile(1 - tail), Math.max(-least, largest));
      return new double[] {-high, high};
    }
    return new double[] {
      Math.min(0, Math.max(least, values.quantile(tail / 2))),
      Math.max(0, Math.min(largest, values.quantile(1 - tail / 2)))
    };
  }

  private static double error(ActivationScheme scheme, double low, double high, float[] values) {
    float[] scale = new float[1];
    float[] zero = new float[1];
    set(scheme, low, high, scale, zero, 0);
    NumberFormat format = scheme.format();
    double error = 0;
    for (float value : values) {
      float rounded = (format.nearest(value / scale[0] + zero[0]) - zero[0]) * scale[0];
      error += ((double) rounded - value) * ((double) rounded - value);
    }
    return error;
  }

  private static void set(
      ActivationScheme scheme, double low, double high, float[] scales, float[] zeros, int at) {
    NumberFormat format = scheme.format();
    if (scheme.symmetric()) {
      float scale = (float) (Math.max(-low, high) / format.maximum());
      scales[at] = scale >= Float.MIN_NORMAL ? scale : 1f;
      return;
    }
    IntegerFormat integer = (IntegerFormat) format;
    float scale = (float) ((high - low) / (integer.maximum() - integer.minimum()));
    scales[at] = scale >= Float.MIN_NORMAL ? scale : 1f;
    zeros[at] =
        (float)
            Math.clamp(
                Math.rint(integer.minimum() - low / scales[at]),
                integer.minimum(),
                integer.maximum());
  }
}
