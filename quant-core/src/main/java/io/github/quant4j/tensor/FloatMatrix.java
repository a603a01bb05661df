// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.tensor;

import io.github.quant4j.annotation.Stable;
import java.util.Arrays;

/**
 * A dense row-major matrix of floats on the heap.
 *
 * <p>Element {@code (row, column)} lies at {@code data()[row * columns() + column]}. Weights are
 * {@code [out, in]}, activations {@code [tokens, in]}. The class is a thin, mutable holder: it
 * shares its array with whoever made it, so that quantizers and kernels work in place. Comparisons
 * are by identity.
 */
@Stable
public final class FloatMatrix {
  private final int rows;
  private final int columns;
  private final float[] data;

  private FloatMatrix(int rows, int columns, float[] data) {
    this.rows = rows;
    this.columns = columns;
    this.data = data;
  }

  /**
   * A matrix of zeros.
   *
   * @param rows number of rows, not negative
   * @param columns number of columns, not negative
   * @return the matrix, {@code [rows, columns]}
   * @throws IllegalArgumentException if a size is negative or there are more than 2^31 - 9 elements
   */
  public static FloatMatrix zeros(int rows, int columns) {
    return new FloatMatrix(rows, columns, new float[checkedSize(rows, columns)]);
  }

  /**
   * Wraps an array without copying it.
   *
   * @param rows number of rows, not negative
   * @param columns number of columns, not negative
   * @param data row-major elements, exactly {@code rows * columns} of them; shared, not copied
   * @return the matrix, {@code [rows, columns]}
   * @throws IllegalArgumentException if the array's length is not {@code rows * columns}
   */
  public static FloatMatrix wrap(int rows, int columns, float[] data) {
    int size = checkedSize(rows, columns);
    if (data.length != size) {
      throw new IllegalArgumentException(
          "data: length "
              + data.length
              + ", expected "
              + size
              + " for ["
              + rows
              + ", "
              + columns
              + "]");
    }
    return new FloatMatrix(rows, columns, data);
  }

  /**
   * Copies an array of rows.
   *
   * @param values the rows, all of one length; at least one row
   * @return the matrix, {@code [values.length, values[0].length]}
   * @throws IllegalArgumentException if there is no row or the rows differ in length
   */
  public static FloatMatrix of(float[][] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values: no rows, expected at least one");
    }
    FloatMatrix matrix = zeros(values.length, values[0].length);
    for (int r = 0; r < values.length; r++) {
      if (values[r].length != matrix.columns) {
        throw new IllegalArgumentException(
            "values: row "
                + r
                + " has "
                + values[r].length
                + " elements, row 0 has "
                + matrix.columns);
      }
      System.arraycopy(values[r], 0, matrix.data, r * matrix.columns, matrix.columns);
    }
    return matrix;
  }

  private static int checkedSize(int rows, int columns) {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException(
          "[" + rows + ", " + columns + "]: sizes must not be negative");
    }
    long size = (long) rows * columns;
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "["
              + rows
              + ", "
              + columns
              + "]: "
              + size
              + " elements do not fit a Java array; read the tensor in row blocks");
    }
    return (int) size;
  }

  /**
   * The number of rows.
   *
   * @return for weights, the output features; for activations, the tokens
   */
  public int rows() {
    return rows;
  }

  /**
   * The number of columns.
   *
   * @return the input features
   */
  public int columns() {
    return columns;
  }

  /**
   * The elements, row-major.
   *
   * @return the live array, not a copy
   */
  public float[] data() {
    return data;
  }

  /**
   * One element.
   *
   * @param row from 0
   * @param column from 0
   * @return the element
   * @throws IndexOutOfBoundsException if the position lies outside the matrix
   */
  public float get(int row, int column) {
    return data[index(row, column)];
  }

  /**
   * Sets one element.
   *
   * @param row from 0
   * @param column from 0
   * @param value the new value
   * @throws IndexOutOfBoundsException if the position lies outside the matrix
   */
  public void put(int row, int column, float value) {
    data[index(row, column)] = value;
  }

  private int index(int row, int column) {
    if (row < 0 || row >= rows || column < 0 || column >= columns) {
      throw new IndexOutOfBoundsException("(" + row + ", " + column + ") is outside " + this);
    }
    return row * columns + column;
  }

  /**
   * A deep copy.
   *
   * @return a matrix of the same shape with an array of its own
   */
  public FloatMatrix copy() {
    return new FloatMatrix(rows, columns, data.clone());
  }

  /**
   * A copy of consecutive rows.
   *
   * @param from first row, inclusive
   * @param to last row, exclusive
   * @return the matrix, {@code [to - from, columns]}
   * @throws IndexOutOfBoundsException if the range is not within the matrix
   */
  public FloatMatrix rowRange(int from, int to) {
    if (from < 0 || to > rows || from > to) {
      throw new IndexOutOfBoundsException("rows " + from + " to " + to + " are outside " + this);
    }
    return new FloatMatrix(
        to - from, columns, Arrays.copyOfRange(data, from * columns, to * columns));
  }

  /**
   * The transposed matrix.
   *
   * @return a copy, {@code [columns, rows]}
   */
  public FloatMatrix transpose() {
    float[] out = new float[data.length];
    // 32 x 32 tiles keep both the read and the write side within the first-level cache.
    for (int r0 = 0; r0 < rows; r0 += 32) {
      for (int c0 = 0; c0 < columns; c0 += 32) {
        int r1 = Math.min(rows, r0 + 32);
        int c1 = Math.min(columns, c0 + 32);
        for (int r = r0; r < r1; r++) {
          for (int c = c0; c < c1; c++) {
            out[c * rows + r] = data[r * columns + c];
          }
        }
      }
    }
    return new FloatMatrix(columns, rows, out);
  }

  /**
   * Whether every element is finite.
   *
   * @return false if there is a NaN or an infinity
   */
  public boolean isFinite() {
    for (float value : data) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** The shape, for example {@code FloatMatrix[256, 768]}. */
  @Override
  public String toString() {
    return "FloatMatrix[" + rows + ", " + columns + "]";
  }
}
