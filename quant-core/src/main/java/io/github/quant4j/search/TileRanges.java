// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.PowerOfTwoUnit;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;

/**
 * A range of values for each tile, zero included, and the grid that covers such ranges.
 *
 * <p>Symmetric: the smallest scale at which the outermost levels reach the ends of the range; for
 * integers {@code max(|low|, |high|) / (2^(bits-1) - 1)}, so that both signs get the same levels.
 * Asymmetric: {@code scale = (high - low) / (2^bits - 1)} and {@code zero = rint(minimum() - low /
 * scale)}, clamped to the format. Scales are cut where a level would leave binary32's range.
 */
final class TileRanges {
  /** What a codec's rounding may add to a scale. */
  private static final double ROOM_FOR_ROUNDING = 1 - 0x1p-7;

  final ScaleLayout layout;
  final double[] low;
  final double[] high;

  /** A power of two near the largest magnitude, where that is unusual; otherwise 1. */
  final float unit;

  TileRanges(ScaleLayout layout, double[] low, double[] high) {
    this.layout = layout;
    this.low = low;
    this.high = high;
    double largest = 0;
    for (int tile = 0; tile < low.length; tile++) {
      largest = Math.max(largest, Math.max(-low[tile], high[tile]));
    }
    this.unit = PowerOfTwoUnit.of((float) largest);
  }

  /** The ranges of a matrix, zero included. */
  static TileRanges of(FloatMatrix weights, ScaleLayout layout) {
    double[] low = new double[layout.count()];
    double[] high = new double[layout.count()];
    float[] data = weights.data();
    int columns = weights.columns();
    for (int row = 0; row < weights.rows(); row++) {
      for (int start = 0; start < columns; start += layout.blockColumns()) {
        int tile = layout.index(row, start);
        int end = Math.min(columns, start + layout.blockColumns());
        float least = 0;
        float most = 0;
        for (int i = row * columns + start; i < row * columns + end; i++) {
          least = Math.min(least, data[i]);
          most = Math.max(most, data[i]);
        }
        low[tile] = Math.min(low[tile], least);
        high[tile] = Math.max(high[tile], most);
      }
    }
    return new TileRanges(layout, low, high);
  }

  /** Each range times the factors of its candidate. */
  TileRanges shrunk(List<Shrink> candidates, int[] chosen) {
    double[] newLow = new double[low.length];
    double[] newHigh = new double[high.length];
    for (int tile = 0; tile < low.length; tile++) {
      newLow[tile] = low[tile] * candidates.get(chosen[tile]).low();
      newHigh[tile] = high[tile] * candidates.get(chosen[tile]).high();
    }
    return new TileRanges(layout, newLow, newHigh);
  }

  /** The scale at which a format covers a range, or the largest at which its levels are finite. */
  static double scale(NumberFormat format, boolean symmetric, double low, double high) {
    return Math.min(coveringScale(format, symmetric, low, high), largestScale(format, symmetric));
  }

  private static double largestScale(NumberFormat format, boolean symmetric) {
    double least = format.minimum();
    double most = format.maximum();
    double reach = symmetric ? Math.max(-least, most) : most - least;
    return ROOM_FOR_ROUNDING * Float.MAX_VALUE / Math.max(1, reach);
  }

  private static double coveringScale(
      NumberFormat format, boolean symmetric, double low, double high) {
    double least = format.minimum();
    double most = format.maximum();
    if (!symmetric) {
      return (high - low) / (most - least);
    }
    if (format instanceof IntegerFormat) {
      return Math.max(-low, high) / Math.max(1, most);
    }
    // A code book need not reach as far on one side as on the other.
    double below = least < 0 ? low / least : 0;
    double above = most > 0 ? high / most : 0;
    return Math.max(below, above);
  }

  /** The zero point of a range whose scale is settled. */
  static double zero(IntegerFormat format, double low, double scale) {
    double zero = Math.rint(format.minimum() - low / scale);
    return Math.clamp(zero, format.minimum(), format.maximum());
  }

  double[] scales(QuantScheme scheme, NumberFormat format) {
    double[] scales = new double[low.length];
    for (int tile = 0; tile < scales.length; tile++) {
      scales[tile] = scale(format, scheme.symmetric(), low[tile], high[tile]);
    }
    return scales;
  }

  Grid grid(QuantScheme scheme, NumberFormat format) {
    double[] scales = scales(scheme, format);
    return grid(scheme, format, scheme.scaleCodec().frame(scales, layout, format));
  }

  Grid grid(QuantScheme scheme, NumberFormat format, ScaleFrame frame) {
    GroupParameters stored = frame.encode(scales(scheme, format));
    return new Grid(
        scheme.withFormat(format),
        layout,
        FormatPalette.uniform(format),
        stored,
        scheme.symmetric() ? null : zeroPoints(scheme, (IntegerFormat) format, stored));
  }

  private GroupParameters zeroPoints(
      QuantScheme scheme, IntegerFormat format, GroupParameters scales) {
    float[] zeros = new float[low.length];
    for (int tile = 0; tile < zeros.length; tile++) {
      zeros[tile] = (float) zero(format, low[tile], scales.values()[tile]);
    }
    return scheme.scaleCodec().encodeZeroPoints(zeros, layout, format);
  }
}
