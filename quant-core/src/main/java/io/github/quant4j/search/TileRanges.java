// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.ZeroPointCodec;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * The smallest and largest value of each tile, and the grid that covers such ranges.
 *
 * <p>Symmetric: {@code scale = max(|low|, |high|) / maximum()}. Asymmetric: the range is widened to
 * include zero, {@code scale = (high - low) / (2^bits - 1)} and {@code zero = rint(minimum() - low
 * / scale)}, clamped to the format.
 */
final class TileRanges {
  final ScaleLayout layout;
  final double[] low;
  final double[] high;

  private TileRanges(ScaleLayout layout, double[] low, double[] high) {
    this.layout = layout;
    this.low = low;
    this.high = high;
  }

  /** The ranges of a matrix, zero included. */
  static TileRanges of(FloatMatrix weights, QuantScheme scheme) {
    ScaleLayout layout = scheme.granularity().layout(weights.rows(), weights.columns());
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

  /** These ranges times a factor for each tile, or for all if there is one factor. */
  TileRanges scaled(double... factors) {
    double[] newLow = new double[low.length];
    double[] newHigh = new double[high.length];
    for (int tile = 0; tile < low.length; tile++) {
      double factor = factors.length == 1 ? factors[0] : factors[tile];
      newLow[tile] = low[tile] * factor;
      newHigh[tile] = high[tile] * factor;
    }
    return new TileRanges(layout, newLow, newHigh);
  }

  Grid grid(QuantScheme scheme) {
    NumberFormat format = scheme.format();
    double[] wanted = new double[low.length];
    double steps = (double) format.maximum() - format.minimum();
    for (int tile = 0; tile < wanted.length; tile++) {
      wanted[tile] =
          scheme.symmetric()
              ? Math.max(-low[tile], high[tile]) / format.maximum()
              : (high[tile] - low[tile]) / steps;
    }
    GroupParameters scales = scheme.scaleCodec().encode(wanted, layout, format);
    return new Grid(
        scheme, layout, FormatPalette.uniform(format), scales, zeroPoints(scheme, scales));
  }

  private @Nullable GroupParameters zeroPoints(QuantScheme scheme, GroupParameters scales) {
    if (scheme.symmetric()) {
      return null;
    }
    IntegerFormat format = (IntegerFormat) scheme.format();
    float[] zeros = new float[low.length];
    for (int tile = 0; tile < zeros.length; tile++) {
      double zero = Math.rint(format.minimum() - low[tile] / scales.values()[tile]);
      zeros[tile] = (float) Math.clamp(zero, format.minimum(), format.maximum());
    }
    return ZeroPointCodec.encode(zeros, layout, format);
  }
}
