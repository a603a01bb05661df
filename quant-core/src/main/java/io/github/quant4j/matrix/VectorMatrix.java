// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.tensor.DType;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A matrix of vector-quantized weights: {@code length} consecutive outputs of one input are a
 * vector, which a code chooses from a book of the whole matrix. If there is a second book, a second
 * code chooses from it what is added. So weight {@code (r, c)} is element {@code r % length} of
 *
 * <pre>book[code(r / length, c)] + second[secondCode(r / length, c)]</pre>
 *
 * times the scale of the column, if columns have scales. Where the rows are not a multiple of the
 * length, the last elements of the last vectors stand for nothing.
 *
 * <p>Papers: VPTQ (Liu et al., arXiv 2409.17066). Immutable and thread-safe.
 */
public final class VectorMatrix {
  private final int rows;
  private final Part main;
  private final @Nullable Part residual;
  private final float @Nullable [] scales;

  /**
   * Vectors and which of them stand where.
   *
   * @param book the vectors
   * @param codes one for each vector, {@code [ceil(rows / length), columns]}
   */
  public record Part(VectorBook book, VectorCodes codes) {
    /**
     * Checks the width.
     *
     * @throws IllegalArgumentException if the codes have not as many bits as the book asks for
     */
    public Part {
      if (codes.bits() != book.bits()) {
        throw new IllegalArgumentException(
            "codes: " + codes.bits() + " bits, expected " + book.bits() + " as in the book");
      }
    }

    long storageBits() {
      return VectorBook.storageBits(book.length(), book.bits()) + codes.storageBits();
    }
  }

  private VectorMatrix(int rows, Part main, @Nullable Part residual, float @Nullable [] scales) {
    this.rows = rows;
    this.main = main;
    this.residual = residual;
    this.scales = scales;
    requireRows(main);
    if (residual != null) {
      requireRows(residual);
      if (residual.codes.columns() != columns() || residual.book.length() != length()) {
        throw new IllegalArgumentException(
            "second book: vectors of "
                + residual.book.length()
                + " for "
                + residual.codes.columns()
                + " columns, expected vectors of "
                + length()
                + " for "
                + columns());
      }
    }
    if (scales != null) {
      requireScales(scales);
    }
  }

  private void requireRows(Part part) {
    int groups = Math.ceilDiv(Math.max(rows, 1), part.book.length());
    if (rows < 1 || part.codes.rows() != groups) {
      throw new IllegalArgumentException(
          "codes: "
              + part.codes.rows()
              + " rows of vectors of "
              + part.book.length()
              + ", expected "
              + groups
              + " for "
              + rows
              + " rows, at least one");
    }
  }

  private void requireScales(float[] values) {
    if (values.length != columns()) {
      throw new IllegalArgumentException(
          "scales: " + values.length + ", expected one for each of " + columns() + " columns");
    }
    for (float scale : values) {
      if (!Float.isFinite(scale) || FloatStorage.round(scale, DType.F16) != scale) {
        throw new IllegalArgumentException(
            "scale: " + scale + ", expected a finite number of binary16");
      }
    }
  }

  /**
   * A matrix of one book.
   *
   * @param rows outputs, at least 1
   * @param main the book and its codes
   * @return the matrix
   * @throws IllegalArgumentException if there are not as many codes as the rows ask for
   */
  public static VectorMatrix of(int rows, Part main) {
    return new VectorMatrix(rows, main, null, null);
  }

  /**
   * The same matrix with vectors that are added.
   *
   * @param second a book of vectors of the same length, and its codes
   * @return the changed matrix
   * @throws IllegalArgumentException if the length or the number of codes differs
   */
  public VectorMatrix withResidual(Part second) {
    return new VectorMatrix(rows, main, second, scales);
  }

  /**
   * The same matrix with scales.
   *
   * @param columnScales one finite number of binary16 for each column; copied
   * @return the changed matrix
   * @throws IllegalArgumentException if there are not as many, or one is not such a number
   */
  public VectorMatrix withScales(float[] columnScales) {
    return new VectorMatrix(rows, main, residual, columnScales.clone());
  }

  /**
   * The outputs.
   *
   * @return at least 1
   */
  public int rows() {
    return rows;
  }

  /**
   * The inputs.
   *
   * @return at least 1
   */
  public int columns() {
    return main.codes.columns();
  }

  /**
   * The weights of a vector.
   *
   * @return 1 to {@value VectorBook#MOST_LENGTH}
   */
  public int length() {
    return main.book.length();
  }

  /**
   * The book.
   *
   * @return vectors and codes
   */
  public Part main() {
    return main;
  }

  /**
   * The book whose vectors are added.
   *
   * @return empty if there is none
   */
  public Optional<Part> residual() {
    return Optional.ofNullable(residual);
  }

  /**
   * The scales of columns.
   *
   * @return a copy; empty if there are none
   */
  public Optional<float[]> scales() {
    return scales == null ? Optional.empty() : Optional.of(scales.clone());
  }

  /**
   * Decodes a part of the matrix.
   *
   * <p>Cost: unpacking one code, or two, for each vector that has a row among the wanted ones.
   *
   * @param row the first row
   * @param rowCount how many rows
   * @param column the first column
   * @param count how many columns
   * @param target receives the weights
   * @param offset position of the first one
   * @param rowStep distance of the rows in the target
   * @param columnStep distance of the columns in the target
   * @param codes scratch of at least {@code 2 count} elements
   * @throws IndexOutOfBoundsException if the part lies outside the matrix or an array is too short
   */
  public void decode(
      int row,
      int rowCount,
      int column,
      int count,
      float[] target,
      int offset,
      int rowStep,
      int columnStep,
      int[] codes) {
    Objects.checkFromIndexSize(row, rowCount, rows);
    int length = length();
    for (int r = row; r < row + rowCount; ) {
      int first = r % length;
      int width = Math.min(length - first, row + rowCount - r);
      main.codes.unpack(r / length, column, count, codes, 0);
      if (residual != null) {
        residual.codes.unpack(r / length, column, count, codes, count);
      }
      int to = offset + (r - row) * rowStep;
      for (int k = 0; k < count; k++, to += columnStep) {
        int from = codes[k] * length + first;
        for (int i = 0; i < width; i++) {
          target[to + i * rowStep] = main.book.values[from + i];
        }
        if (residual != null) {
          int second = codes[count + k] * length + first;
          for (int i = 0; i < width; i++) {
            target[to + i * rowStep] += residual.book.values[second + i];
          }
        }
        if (scales != null) {
          for (int i = 0; i < width; i++) {
            target[to + i * rowStep] *= scales[column + k];
          }
        }
      }
      r += width;
    }
  }

  /**
   * The size of everything that is stored.
   *
   * @return bits of codes, books and scales
   */
  public long storageBits() {
    long scaleBits = scales == null ? 0 : (long) columns() * Short.SIZE;
    return main.storageBits() + (residual == null ? 0 : residual.storageBits()) + scaleBits;
  }

  /**
   * The size of a matrix.
   *
   * @param rows outputs, at least 1
   * @param columns inputs, at least 1
   * @param length of a vector
   * @param bits of a code
   * @param residualBits of a code of the second book, 0 for none
   * @param hasScales whether columns have scales
   * @return bits of codes, books and scales
   * @throws IllegalArgumentException if a number is out of range
   */
  public static long storageBits(
      int rows, int columns, int length, int bits, int residualBits, boolean hasScales) {
    long vectors = Math.ceilDiv(rows, length);
    long total = hasScales ? (long) columns * Short.SIZE : 0;
    for (int width : residualBits == 0 ? new int[] {bits} : new int[] {bits, residualBits}) {
      total += VectorBook.storageBits(length, width);
      total += vectors * VectorCodes.rowBytes(columns, width) * Byte.SIZE;
    }
    return total;
  }

  /** For example {@code vq(4,bits=8,residual=4) [256, 768]}. */
  @Override
  public String toString() {
    return describe() + " [" + rows + ", " + columns() + "]";
  }

  /**
   * What weights are made of.
   *
   * @return for example {@code vq(4,bits=8,residual=4)}
   */
  public String describe() {
    return "vq("
        + length()
        + ",bits="
        + main.book.bits()
        + (residual == null ? "" : ",residual=" + residual.book.bits())
        + (scales == null ? "" : ",norm")
        + ")";
  }
}
