// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Objects;

/**
 * A quantized weight matrix {@code [out, in]}: packed codes on a {@link Grid}.
 *
 * <p>Element {@code (row, column)} is {@code scale * (value(code) - zero)} with the scale and the
 * zero point of its tile. The matrix is immutable and thread-safe; its codes may lie in a mapped
 * file.
 */
public final class QuantizedMatrix {
  private final Grid grid;
  private final PackedCodes codes;

  /**
   * Puts codes on a grid.
   *
   * @param grid the values
   * @param codes the packed codes
   * @throws IllegalArgumentException if their shapes or widths differ
   */
  public QuantizedMatrix(Grid grid, PackedCodes codes) {
    ScaleLayout layout = grid.layout();
    if (layout.rows() != codes.rows() || layout.columns() != codes.columns()) {
      throw new IllegalArgumentException(
          "codes: ["
              + codes.rows()
              + ", "
              + codes.columns()
              + "], expected ["
              + layout.rows()
              + ", "
              + layout.columns()
              + "] as in the grid");
    }
    if (grid.palette().bits() != codes.bits()) {
      throw new IllegalArgumentException(
          "codes: "
              + codes.bits()
              + " bits, expected "
              + grid.palette().bits()
              + " as in the grid");
    }
    this.grid = grid;
    this.codes = codes;
  }

  /**
   * Packs codes and puts them on a grid.
   *
   * @param grid the values
   * @param codes one code in a byte, row-major
   * @return the matrix; integer codes are packed in rows of whole 32-bit words, others in rows of
   *     whole bytes
   * @throws IllegalArgumentException if their number is not that of the grid's elements
   */
  public static QuantizedMatrix of(Grid grid, byte[] codes) {
    ScaleLayout layout = grid.layout();
    int unit = grid.scheme().format() instanceof IntegerFormat ? Integer.BYTES : 1;
    return new QuantizedMatrix(
        grid,
        PackedCodes.pack(layout.rows(), layout.columns(), grid.palette().bits(), unit, codes));
  }

  /**
   * The output features.
   *
   * @return rows of the matrix
   */
  public int rows() {
    return codes.rows();
  }

  /**
   * The input features.
   *
   * @return columns of the matrix
   */
  public int columns() {
    return codes.columns();
  }

  /**
   * The scheme.
   *
   * @return how the elements are represented
   */
  public QuantScheme scheme() {
    return grid.scheme();
  }

  /**
   * The grid.
   *
   * @return formats, scales and zero points
   */
  public Grid grid() {
    return grid;
  }

  /**
   * The packed codes.
   *
   * @return row-major, lowest bits first
   */
  public PackedCodes codes() {
    return codes;
  }

  /**
   * One element.
   *
   * @param row from 0
   * @param column from 0
   * @return the weight that its code stands for
   * @throws IndexOutOfBoundsException if the position lies outside the matrix
   */
  public float get(int row, int column) {
    return grid.decode(row, column, codes.get(row, column));
  }

  /**
   * Decodes one row. Allocates a scratch row.
   *
   * @param row from 0
   * @param target receives {@code columns()} weights
   * @param offset position of the first one
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  public void dequantizeRow(int row, float[] target, int offset) {
    dequantizeRow(row, target, offset, new byte[columns()]);
  }

  /**
   * Decodes one row without allocating.
   *
   * @param row from 0
   * @param target receives {@code columns()} weights
   * @param offset position of the first one
   * @param scratch at least {@code columns()} bytes, overwritten
   * @throws IndexOutOfBoundsException if there is no such row or an array is too short
   */
  public void dequantizeRow(int row, float[] target, int offset, byte[] scratch) {
    Objects.checkFromIndexSize(offset, columns(), target.length);
    codes.unpackRow(row, scratch, 0);
    ScaleLayout layout = grid.layout();
    int width = layout.blockColumns();
    for (int start = 0; start < columns(); start += width) {
      int tile = layout.index(row, start);
      NumberFormat format = grid.palette().format(tile);
      float scale = grid.scale(tile);
      float zero = grid.zeroPoint(tile);
      int end = Math.min(columns(), start + width);
      for (int column = start; column < end; column++) {
        target[offset + column] = (format.decode(scratch[column] & 0xff) - zero) * scale;
      }
    }
  }

  /**
   * Decodes the matrix.
   *
   * @return a copy in floats, {@code [rows, columns]}
   * @throws IllegalArgumentException if it has more elements than an array can hold
   */
  public FloatMatrix dequantize() {
    FloatMatrix matrix = FloatMatrix.zeros(rows(), columns());
    for (int row = 0; row < rows(); row++) {
      dequantizeRow(row, matrix.data(), row * columns());
    }
    return matrix;
  }

  /**
   * The size of everything that is stored: codes with their padding, scales, zero points and fitted
   * code books.
   *
   * @return bits
   */
  public long storageBits() {
    return codes.storageBits() + grid.storageBits();
  }

  /**
   * The effective width.
   *
   * @return {@link #storageBits()} by the number of weights
   */
  public double bitsPerWeight() {
    return (double) storageBits() / ((double) rows() * columns());
  }

  /** Shape and scheme, for example {@code QuantizedMatrix[256, 768] int4:g64:sym}. */
  @Override
  public String toString() {
    return "QuantizedMatrix[" + rows() + ", " + columns() + "] " + scheme();
  }
}
