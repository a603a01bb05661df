// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Objects;

/**
 * A row-major matrix somewhere in an array: an operand of {@link LinearAlgebra}.
 *
 * <p>A view is made for one call and holds no elements of its own; the array is shared. All checks
 * of operands are here: whoever implements {@link LinearAlgebra} can rely on a view's rows lying in
 * its array, and calls {@link #requireProduct}, {@link #requireTransposedProduct} or {@link
 * #requireGram} for the shapes of several.
 *
 * @param data the array
 * @param offset position of the first element
 * @param rows how many rows, at least 0
 * @param columns how many columns, at least 0
 * @param stride distance from the start of one row to that of the next, at least {@code columns} if
 *     there are several
 */
public record MatrixView(float[] data, int offset, int rows, int columns, int stride) {

  /**
   * Checks that the rows lie in the array.
   *
   * @throws IllegalArgumentException if a size is negative or rows overlap
   * @throws IndexOutOfBoundsException if the array is too short or the offset negative
   */
  public MatrixView {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException(
          "view: [" + rows + ", " + columns + "], expected sizes of at least 0");
    }
    if (stride < columns && rows > 1) {
      throw new IllegalArgumentException(
          "stride: rows are " + stride + " apart, expected at least their " + columns + " columns");
    }
    if (rows > 0 && columns > 0) {
      long end = offset + (rows - 1L) * stride + columns;
      if (offset < 0 || end > data.length) {
        throw new IndexOutOfBoundsException(
            "view: ["
                + rows
                + ", "
                + columns
                + "] takes elements "
                + offset
                + " to "
                + end
                + " of an array of "
                + data.length);
      }
    }
  }

  /**
   * A whole matrix.
   *
   * @param matrix the matrix; shared
   * @return its view
   */
  public static MatrixView of(FloatMatrix matrix) {
    return new MatrixView(matrix.data(), 0, matrix.rows(), matrix.columns(), matrix.columns());
  }

  /**
   * A matrix whose rows lie one after the other from the array's start on.
   *
   * @param data the array; shared
   * @param rows how many rows
   * @param columns how many columns
   * @return the view
   * @throws IllegalArgumentException if a size is negative
   * @throws IndexOutOfBoundsException if the array is too short
   */
  public static MatrixView dense(float[] data, int rows, int columns) {
    return new MatrixView(data, 0, rows, columns, columns);
  }

  /**
   * A matrix whose rows lie one after the other.
   *
   * @param data the array; shared
   * @param offset position of the first element
   * @param rows how many rows
   * @param columns how many columns
   * @return the view
   * @throws IllegalArgumentException if a size is negative
   * @throws IndexOutOfBoundsException if the array is too short or the offset negative
   */
  public static MatrixView dense(float[] data, int offset, int rows, int columns) {
    return new MatrixView(data, offset, rows, columns, columns);
  }

  /**
   * Where an element lies.
   *
   * @param row its row; not checked
   * @param column its column; not checked
   * @return its position in the array
   */
  public int index(int row, int column) {
    return offset + row * stride + column;
  }

  /**
   * A part of this matrix.
   *
   * @param firstRow the row that becomes the part's first
   * @param firstColumn the column that becomes the part's first
   * @param height how many rows
   * @param width how many columns
   * @return the view of the part
   * @throws IndexOutOfBoundsException if the part is not within this matrix
   */
  public MatrixView part(int firstRow, int firstColumn, int height, int width) {
    Objects.checkFromIndexSize(firstRow, height, rows);
    Objects.checkFromIndexSize(firstColumn, width, columns);
    return new MatrixView(data, index(firstRow, firstColumn), height, width, stride);
  }

  /**
   * Checks the shapes of {@code C = A B}.
   *
   * @param a {@code [m, k]}
   * @param b {@code [k, n]}
   * @param c {@code [m, n]}
   * @throws IllegalArgumentException if B or C has another shape than A and the other one give it
   */
  public static void requireProduct(MatrixView a, MatrixView b, MatrixView c) {
    b.require("b", a.columns, b.columns);
    c.require("c", a.rows, b.columns);
  }

  /**
   * Checks the shapes of {@code C = A B^T}.
   *
   * @param a {@code [m, k]}
   * @param b {@code [n, k]}
   * @param c {@code [m, n]}
   * @throws IllegalArgumentException if B or C has another shape than A and the other one give it
   */
  public static void requireTransposedProduct(MatrixView a, MatrixView b, MatrixView c) {
    b.require("b", b.rows, a.columns);
    c.require("c", a.rows, b.rows);
  }

  /**
   * Checks the shapes of {@code H = X^T X}.
   *
   * @param x {@code [tokens, n]}
   * @param h {@code [n, n]}
   * @throws IllegalArgumentException if H has another shape
   */
  public static void requireGram(MatrixView x, MatrixView h) {
    h.require("h", x.columns, x.columns);
  }

  private void require(String name, int wantedRows, int wantedColumns) {
    if (rows != wantedRows || columns != wantedColumns) {
      throw new IllegalArgumentException(
          name + ": " + this + ", expected [" + wantedRows + ", " + wantedColumns + "]");
    }
  }

  /** The shape. */
  @Override
  public String toString() {
    return "[" + rows + ", " + columns + "]";
  }
}
