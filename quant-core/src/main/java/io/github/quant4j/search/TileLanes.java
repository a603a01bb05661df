// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.lane.ErrorLanes;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Some rows of one column of tiles, transposed so that rows are lanes, and the errors of rounding
 * them to a candidate for their ranges.
 */
final class TileLanes {
  private final TileRanges full;
  private final QuantScheme scheme;
  private final NumberFormat format;
  private final @Nullable ScaleFrame frame;
  private final LevelTable table;
  private final int firstColumn;
  private final int[] tiles;
  private final float[][] weights;
  private final float[] scales;
  private final float[] inverses;
  private final float[] zeros;

  /** For each column the rows whose weights are kept elsewhere, or null if there are none. */
  private final int @Nullable [][] removed;

  /** What weights and scales are measured in, so that squared errors stay within range. */
  private final float unit;

  TileLanes(
      FitTask task,
      TileRanges full,
      NumberFormat format,
      LevelTable table,
      @Nullable ScaleFrame frame,
      int firstRow,
      int rows,
      int tileColumn) {
    FloatMatrix matrix = task.weights();
    this.full = full;
    this.scheme = task.scheme();
    this.format = format;
    this.frame = frame;
    this.table = table;
    ScaleLayout layout = full.layout;
    int from = tileColumn * layout.blockColumns();
    int width = Math.min(layout.blockColumns(), layout.columns() - from);
    this.firstColumn = from;
    this.tiles = new int[rows];
    this.weights = new float[width][rows];
    this.scales = new float[rows];
    this.inverses = new float[rows];
    this.zeros = new float[rows];
    this.unit = full.unit;
    for (int r = 0; r < rows; r++) {
      tiles[r] = layout.index(firstRow + r, from);
      int at = (firstRow + r) * layout.columns() + from;
      for (int c = 0; c < width; c++) {
        weights[c][r] = matrix.data()[at + c] / unit;
      }
    }
    this.removed = task.removed().isEmpty() ? null : removed(task.removed(), firstRow, layout);
  }

  private int[][] removed(BitSet places, int firstRow, ScaleLayout layout) {
    int[][] rows = new int[weights.length][];
    for (int c = 0; c < rows.length; c++) {
      int column = firstColumn + c;
      rows[c] =
          IntStream.range(0, tiles.length)
              .filter(r -> places.get((firstRow + r) * layout.columns() + column))
              .toArray();
    }
    return rows;
  }

  int rows() {
    return tiles.length;
  }

  int firstColumn() {
    return firstColumn;
  }

  int width() {
    return weights.length;
  }

  int tile(int row) {
    return tiles[row];
  }

  /** Settles scales and zero points for a candidate. */
  void select(Shrink shrink) {
    for (int r = 0; r < tiles.length; r++) {
      int tile = tiles[r];
      double low = full.low[tile] * shrink.low();
      double high = full.high[tile] * shrink.high();
      double wanted = TileRanges.scale(format, scheme.symmetric(), low, high);
      float scale = frame == null ? exact(wanted) : frame.round(tile, wanted);
      scales[r] = scale / unit;
      // The reciprocal of a subnormal scale would be infinite, and zero times that not a number.
      inverses[r] = Math.min(1 / scales[r], Float.MAX_VALUE);
      if (!scheme.symmetric() && format instanceof IntegerFormat integer) {
        zeros[r] = (float) TileRanges.zero(integer, low, scale);
      }
    }
  }

  private static float exact(double wanted) {
    return (float) wanted == 0f ? 1f : (float) wanted;
  }

  /** The rounding errors of a column of the tile; none where weights are kept elsewhere. */
  void errors(int column, float[] result) {
    roundingErrors(column, result);
    if (removed != null) {
      for (int r : removed[column]) {
        result[r] = 0;
      }
    }
  }

  private void roundingErrors(int column, float[] result) {
    float[] values = weights[column];
    if (format instanceof IntegerFormat integer) {
      ErrorLanes.roundingErrors(
          tiles.length,
          values,
          inverses,
          scales,
          zeros,
          -integer.offset(),
          integer.offset() - 1,
          result);
      return;
    }
    for (int r = 0; r < tiles.length; r++) {
      result[r] = table.nearest(values[r] * inverses[r]) * scales[r] - values[r];
    }
  }
}
