// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.ScaleLayout;
import org.jspecify.annotations.Nullable;

/**
 * Some consecutive rows of a grid, rounded a column at a time: the rows are lanes of short arrays,
 * so that for integer formats the JIT compiler rounds many of them at once.
 *
 * <p>Rounds exactly as {@link Grid#encode} and {@link Grid#nearest} do. Not thread-safe: each
 * thread uses a strip of its own.
 */
public final class GridStrip {
  /** Adding and subtracting 1.5 * 2^23 rounds to the nearest even integer below 2^22. */
  private static final float ROUNDER = 12_582_912f;

  private final Grid grid;
  private final ScaleLayout layout;
  private final int firstRow;
  private final int rows;
  private final @Nullable IntegerFormat integer;
  private final float[] scales;
  private final float[] zeros;
  private final LevelTable[] tables;
  private final NumberFormat[] formats;
  private int tileColumn = -1;

  /**
   * Takes some rows of a grid.
   *
   * @param grid the grid
   * @param firstRow the first row
   * @param rows how many
   * @throws IndexOutOfBoundsException if the rows are not within the grid
   */
  public GridStrip(Grid grid, int firstRow, int rows) {
    java.util.Objects.checkFromIndexSize(firstRow, rows, grid.layout().rows());
    this.grid = grid;
    this.layout = grid.layout();
    this.firstRow = firstRow;
    this.rows = rows;
    this.integer =
        grid.palette().isUniform()
                && grid.palette().formats().getFirst() instanceof IntegerFormat format
            ? format
            : null;
    this.scales = new float[rows];
    this.zeros = new float[rows];
    this.tables = new LevelTable[integer == null ? rows : 0];
    this.formats = new NumberFormat[tables.length];
  }

  /**
   * The number of rows.
   *
   * @return the lanes in use
   */
  public int rows() {
    return rows;
  }

  private void select(int column) {
    int wanted = column / layout.blockColumns();
    if (wanted == tileColumn) {
      return;
    }
    tileColumn = wanted;
    for (int r = 0; r < rows; r++) {
      int tile = (firstRow + r) / layout.blockRows() * layout.scaleColumns() + wanted;
      scales[r] = grid.scale(tile);
      zeros[r] = grid.zeroPoint(tile);
      if (integer == null) {
        tables[r] = grid.palette().levelTable(tile);
        formats[r] = grid.palette().format(tile);
      }
    }
  }

  /**
   * Rounds one weight of each row to the nearest grid value.
   *
   * @param column the column that the weights belong to
   * @param weights finite values, one for each row
   * @param rounded receives the grid values
   * @param codes receives their codes
   */
  public void round(int column, float[] weights, float[] rounded, int[] codes) {
    select(column);
    if (integer == null) {
      for (int r = 0; r < rows; r++) {
        LevelTable table = tables[r];
        int position = table.position(weights[r] / scales[r] + zeros[r]);
        rounded[r] = (table.level(position) - zeros[r]) * scales[r];
        codes[r] = table.code(position);
      }
      return;
    }
    roundIntegers(rows, integer.offset(), weights, scales, zeros, rounded, codes);
  }

  private static void roundIntegers(
      int count,
      int offset,
      float[] weights,
      float[] scales,
      float[] zeros,
      float[] rounded,
      int[] codes) {
    int least = -offset;
    int most = offset - 1;
    for (int r = 0; r < count; r++) {
      float value = weights[r] / scales[r] + zeros[r];
      // Beyond 2^22 the trick is off by a few units, which the limits below take care of.
      int integer = (int) ((value + ROUNDER) - ROUNDER);
      integer = Math.min(most, Math.max(least, integer));
      rounded[r] = (integer - zeros[r]) * scales[r];
      codes[r] = integer + offset;
    }
  }

  /**
   * The levels of codes, before scale and zero point.
   *
   * @param column the column that the codes belong to
   * @param codes one for each row
   * @param levels receives the format's values
   */
  public void levels(int column, int[] codes, float[] levels) {
    select(column);
    for (int r = 0; r < rows; r++) {
      levels[r] = integer != null ? codes[r] - integer.offset() : formats[r].decode(codes[r]);
    }
  }

  /**
   * The grid values of codes.
   *
   * @param column the column that the codes belong to
   * @param codes one for each row
   * @param values receives the grid values
   */
  public void decode(int column, int[] codes, float[] values) {
    select(column);
    for (int r = 0; r < rows; r++) {
      float level = integer != null ? codes[r] - integer.offset() : formats[r].decode(codes[r]);
      values[r] = (level - zeros[r]) * scales[r];
    }
  }
}
