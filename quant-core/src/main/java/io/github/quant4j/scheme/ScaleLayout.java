// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

/**
 * A tiling of a {@code [rows, columns]} matrix by equal rectangles, one scale each.
 *
 * <p>Scales are stored row-major, {@code [scaleRows, scaleColumns]}; tiles at the right and lower
 * edge may overhang.
 *
 * @param rows outputs of the matrix, at least 1
 * @param columns inputs of the matrix, at least 1
 * @param blockRows outputs of a tile, from 1 to any
 * @param blockColumns inputs of a tile, from 1 to any
 */
public record ScaleLayout(int rows, int columns, int blockRows, int blockColumns) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is less than 1
   */
  public ScaleLayout {
    if (rows < 1 || columns < 1 || blockRows < 1 || blockColumns < 1) {
      throw new IllegalArgumentException(
          "matrix ["
              + rows
              + ", "
              + columns
              + "] in tiles of ["
              + blockRows
              + ", "
              + blockColumns
              + "]: sizes must be at least 1");
    }
  }

  /**
   * Tiles from top to bottom.
   *
   * @return at least 1
   */
  public int scaleRows() {
    return Math.ceilDiv(rows, blockRows);
  }

  /**
   * Tiles from left to right.
   *
   * @return at least 1
   */
  public int scaleColumns() {
    return Math.ceilDiv(columns, blockColumns);
  }

  /**
   * All tiles.
   *
   * @return {@code scaleRows() * scaleColumns()}
   * @throws ArithmeticException if there are more than an int can count
   */
  public int count() {
    return Math.multiplyExact(scaleRows(), scaleColumns());
  }

  /**
   * Where the scale of an element lies.
   *
   * @param row from 0, not checked
   * @param column from 0, not checked
   * @return the index of its scale
   */
  public int index(int row, int column) {
    return row / blockRows * scaleColumns() + column / blockColumns;
  }

  /**
   * Whether every row has scales of its own.
   *
   * @return true for channels and groups
   */
  public boolean isRowwise() {
    return blockRows == 1;
  }
}
