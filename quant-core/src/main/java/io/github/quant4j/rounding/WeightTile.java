// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * Some rows and columns of a weight matrix, transposed so that rows are lanes, with their codes.
 */
final class WeightTile {
  private final int firstRow;
  private final int stride;
  private final int[] columns;
  private final float[][] weights;
  private final int[][] codes;

  WeightTile(FloatMatrix matrix, int firstRow, int rows, int[] columns) {
    this.firstRow = firstRow;
    this.stride = matrix.columns();
    this.columns = columns;
    this.weights = new float[columns.length][rows];
    this.codes = new int[columns.length][rows];
    float[] data = matrix.data();
    for (int r = 0; r < rows; r++) {
      int from = (firstRow + r) * stride;
      for (int c = 0; c < columns.length; c++) {
        weights[c][r] = data[from + columns[c]];
      }
    }
  }

  /** The weights of the tile's column c, one for each row. */
  float[] weights(int c) {
    return weights[c];
  }

  /** The codes of the tile's column c, one for each row. */
  int[] codes(int c) {
    return codes[c];
  }

  /** Reads codes from where they lie row-major, beginning with some row of the matrix. */
  void load(byte[] source, int sourceFirstRow) {
    for (int c = 0; c < columns.length; c++) {
      loadColumn(c, source, sourceFirstRow);
    }
  }

  /** Reads the codes of the tile's column c. */
  void loadColumn(int c, byte[] source, int sourceFirstRow) {
    int from = (firstRow - sourceFirstRow) * stride + columns[c];
    for (int r = 0; r < rows(); r++) {
      codes[c][r] = source[from + r * stride] & 0xff;
    }
  }

  /** Writes codes to where they lie row-major, beginning with some row of the matrix. */
  void store(byte[] target, int targetFirstRow) {
    for (int r = 0; r < rows(); r++) {
      int to = (firstRow - targetFirstRow + r) * stride;
      for (int c = 0; c < columns.length; c++) {
        target[to + columns[c]] = (byte) codes[c][r];
      }
    }
  }

  private int rows() {
    return weights[0].length;
  }
}
