// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * A tensor of a GGUF file: a view, valid until the file is closed.
 *
 * @param name its name in the file
 * @param type the type of its elements or blocks
 * @param dimensions as the file has them: the innermost, contiguous one first, so a weight has its
 *     inputs before its outputs; at most four
 * @param data the bytes, little-endian, blocks of a row one after the other
 */
public record GgufTensor(
    String name, GgufTensorType type, List<Long> dimensions, MemorySegment data) {

  /**
   * Checks that data and dimensions agree.
   *
   * @throws IllegalArgumentException if a dimension is negative, rows are not whole blocks, or the
   *     data has another size than type and dimensions say
   */
  public GgufTensor {
    dimensions = List.copyOf(dimensions);
    long expected = byteSize(type, dimensions);
    if (data.byteSize() != expected) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "': "
              + data.byteSize()
              + " bytes, expected "
              + expected
              + " for "
              + type
              + " "
              + dimensions);
    }
  }

  /**
   * The bytes of a tensor.
   *
   * @throws IllegalArgumentException if a dimension is negative, rows are not whole blocks, there
   *     are too many dimensions, or the size overflows
   */
  static long byteSize(GgufTensorType type, List<Long> dimensions) {
    if (dimensions.size() > GgufHeader.MOST_DIMENSIONS) {
      throw new IllegalArgumentException(
          dimensions.size() + " dimensions, expected at most " + GgufHeader.MOST_DIMENSIONS);
    }
    long rows = 1;
    long columns = dimensions.isEmpty() ? 1 : dimensions.getFirst();
    try {
      for (int i = 0; i < dimensions.size(); i++) {
        if (dimensions.get(i) < 0) {
          throw new IllegalArgumentException(
              "dimensions " + dimensions + ": one is negative or 2^63 or more");
        }
        rows = i == 0 ? 1 : Math.multiplyExact(rows, dimensions.get(i));
      }
      // The number of elements must be a long too.
      Math.multiplyExact(rows, columns);
      if (columns % type.blockSize() != 0) {
        throw new IllegalArgumentException(
            "dimensions "
                + dimensions
                + ": the first is not a multiple of "
                + type.blockSize()
                + ", the block of "
                + type);
      }
      return Math.multiplyExact(rows, type.bytes(columns));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "dimensions " + dimensions + ": the size overflows 64 bits", e);
    }
  }

  /**
   * The dimensions in the order of everything else here.
   *
   * @return outermost first, so {@code [outputs, inputs]} for a weight
   */
  public Shape shape() {
    long[] result = new long[dimensions.size()];
    for (int i = 0; i < result.length; i++) {
      result[i] = dimensions.get(result.length - 1 - i);
    }
    return Shape.of(result);
  }

  /**
   * Whether the elements are plain numbers, not blocks.
   *
   * @return true if {@link #tensor()} gives them
   */
  public boolean isPlain() {
    return type.dtype().isPresent();
  }

  /**
   * The tensor itself, if its elements are plain numbers.
   *
   * @return a view of the same data
   * @throws IllegalArgumentException if it consists of blocks
   */
  public Tensor tensor() {
    DType dtype =
        type.dtype()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        this + ": blocks of " + type.blockSize() + ", expected plain elements"));
    return Tensor.of(name, dtype, shape(), data);
  }

  /**
   * The matrices that lie one after the other in the tensor, for example those of experts.
   *
   * @return 1 for a matrix or vector
   */
  public long matrixCount() {
    long count = 1;
    for (int i = 2; i < dimensions.size(); i++) {
      count *= dimensions.get(i);
    }
    return count;
  }

  /**
   * The blocks of a matrix; a vector is a matrix of one row.
   *
   * @return a view of the same data, {@code [outputs, inputs]}
   * @throws IllegalArgumentException if the elements are plain, there are several matrices, or a
   *     size is zero or beyond an int
   */
  public BlockMatrix matrix() {
    if (matrixCount() != 1) {
      throw new IllegalArgumentException(
          this + ": " + matrixCount() + " matrices, expected one; ask for each of them");
    }
    return matrix(0);
  }

  /**
   * The blocks of one of several matrices.
   *
   * @param index which, from 0: the expert in a stack of them
   * @return a view of the same data, {@code [outputs, inputs]}
   * @throws IllegalArgumentException if the elements are plain, or a size is zero or beyond an int
   * @throws IndexOutOfBoundsException if there is no such matrix
   */
  public BlockMatrix matrix(int index) {
    Objects.checkIndex(index, matrixCount());
    BlockFormat format =
        type.blockFormat()
            .orElseThrow(() -> new IllegalArgumentException(this + ": expected blocks of weights"));
    long bytes = data.byteSize() / matrixCount();
    return new BlockMatrix(
        format, size(1), size(0), data.asSlice(Math.multiplyExact(bytes, (long) index), bytes));
  }

  private int size(int dimension) {
    long size = dimension < dimensions.size() ? dimensions.get(dimension) : 1;
    if (size < 1 || size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          this + ": expected from 1 to " + Integer.MAX_VALUE + " rows and columns");
    }
    return (int) size;
  }

  /** Name, type and shape. */
  @Override
  public String toString() {
    return "tensor '" + name + "' " + type + " " + shape();
  }
}
