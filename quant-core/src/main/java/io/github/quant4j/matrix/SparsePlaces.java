// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Places of a sparse matrix in as few bits as two forms allow: a bit for each place of the matrix
 * (part {@code mask}, U8 [rows, ceil(columns / 8)], lowest bits first), as in PB-LLM (Shang et al.,
 * arXiv 2310.00034); or, where fewer than about an eighth of them are taken, a byte for each
 * element that is its column within a block of 256 (part {@code offsets}, U8 [n]), with the
 * elements of each block (part {@code counts}, U8 [rows, ceil(columns / 256)]).
 *
 * @param columnCount all columns
 * @param rowStarts number of the first element of each row, and of all
 * @param columns of the elements, ascending in each row
 */
record SparsePlaces(int columnCount, int[] rowStarts, int[] columns) {
  private static final String MASK = "mask";
  private static final String COUNTS = "counts";
  private static final String OFFSETS = "offsets";
  private static final int BLOCK = 256;

  private static long maskBits(int rows, int columns) {
    return (long) Byte.SIZE * rows * Math.ceilDiv(columns, Byte.SIZE);
  }

  private static long offsetBits(int rows, int columns, long elements) {
    return Byte.SIZE * ((long) rows * Math.ceilDiv(columns, BLOCK) + elements);
  }

  /** The bits of so many places, unless a block is full. */
  static long storageBits(int rows, int columns, long elements) {
    return Math.min(maskBits(rows, columns), offsetBits(rows, columns, elements));
  }

  private int rows() {
    return rowStarts.length - 1;
  }

  private int[] counts() {
    int blocks = Math.ceilDiv(columnCount, BLOCK);
    int[] counts = new int[rows() * blocks];
    for (int row = 0; row < rows(); row++) {
      for (int i = rowStarts[row]; i < rowStarts[row + 1]; i++) {
        counts[row * blocks + columns[i] / BLOCK]++;
      }
    }
    return counts;
  }

  private boolean hasMask() {
    return maskBits(rows(), columnCount) <= offsetBits(rows(), columnCount, columns.length)
        || Arrays.stream(counts()).anyMatch(count -> count == BLOCK);
  }

  long storageBits() {
    return hasMask()
        ? maskBits(rows(), columnCount)
        : offsetBits(rows(), columnCount, columns.length);
  }

  SequencedMap<String, Tensor> parts() {
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    if (hasMask()) {
      int width = Math.ceilDiv(columnCount, Byte.SIZE);
      byte[] mask = new byte[rows() * width];
      for (int row = 0; row < rows(); row++) {
        for (int i = rowStarts[row]; i < rowStarts[row + 1]; i++) {
          mask[row * width + columns[i] / Byte.SIZE] |= (byte) (1 << columns[i] % Byte.SIZE);
        }
      }
      parts.put(MASK, Tensor.ofBytes(DType.U8, Shape.of(rows(), width), mask));
      return parts;
    }
    int[] counts = counts();
    byte[] narrow = new byte[counts.length];
    for (int i = 0; i < counts.length; i++) {
      narrow[i] = (byte) counts[i];
    }
    byte[] offsets = new byte[columns.length];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = (byte) (columns[i] % BLOCK);
    }
    Shape shape = Shape.of(rows(), Math.ceilDiv(columnCount, BLOCK));
    parts.put(COUNTS, Tensor.ofBytes(DType.U8, shape, narrow));
    parts.put(OFFSETS, Tensor.ofBytes(DType.U8, Shape.of(offsets.length), offsets));
    return parts;
  }

  /**
   * Reads either form.
   *
   * @param elements how many values there are
   * @throws IllegalArgumentException if a part is missing or damaged, or the places are not as many
   */
  static SparsePlaces read(int rows, int columnCount, int elements, Map<String, Tensor> parts) {
    Tensor mask = parts.get(MASK);
    SparsePlaces places =
        mask != null
            ? ofMask(rows, columnCount, elements, mask)
            : ofOffsets(rows, columnCount, elements, part(parts, COUNTS), part(parts, OFFSETS));
    return places;
  }

  private static Tensor part(Map<String, Tensor> parts, String name) {
    Tensor part = parts.get(name);
    if (part == null || part.dtype() != DType.U8) {
      throw new IllegalArgumentException(
          "sparse part '" + name + "' is missing or not U8, found " + parts.keySet());
    }
    return part;
  }

  private static IllegalArgumentException wrong(Tensor part, int elements) {
    return new IllegalArgumentException(
        part + ": expected the places of " + elements + " elements");
  }

  /** Bytes from 0 to 255, which a float holds exactly. */
  private static int[] bytes(Tensor part) {
    float[] values = part.toFloatArray();
    int[] result = new int[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (int) values[i];
    }
    return result;
  }

  private static SparsePlaces ofMask(int rows, int columnCount, int elements, Tensor mask) {
    int width = Math.ceilDiv(columnCount, Byte.SIZE);
    if (mask.dtype() != DType.U8 || mask.shape().elementCount() != (long) rows * width) {
      throw wrong(mask, elements);
    }
    int[] bits = bytes(mask);
    int[] starts = new int[rows + 1];
    int[] columns = new int[elements];
    int count = 0;
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < width * Byte.SIZE; column++) {
        if ((bits[row * width + column / Byte.SIZE] >> column % Byte.SIZE & 1) != 0) {
          if (count == elements || column >= columnCount) {
            throw wrong(mask, elements);
          }
          columns[count++] = column;
        }
      }
      starts[row + 1] = count;
    }
    if (count != elements) {
      throw wrong(mask, elements);
    }
    return new SparsePlaces(columnCount, starts, columns);
  }

  private static SparsePlaces ofOffsets(
      int rows, int columnCount, int elements, Tensor counts, Tensor offsets) {
    int blocks = Math.ceilDiv(columnCount, BLOCK);
    if (counts.shape().elementCount() != (long) rows * blocks
        || offsets.shape().elementCount() != elements) {
      throw wrong(counts, elements);
    }
    int[] each = bytes(counts);
    int[] within = bytes(offsets);
    int[] starts = new int[rows + 1];
    int[] columns = new int[elements];
    int count = 0;
    for (int tile = 0; tile < each.length; tile++) {
      int last = -1;
      for (int i = 0; i < each[tile]; i++) {
        if (count == elements || within[count] <= last) {
          throw wrong(offsets, elements);
        }
        last = within[count];
        int column = tile % blocks * BLOCK + last;
        if (column >= columnCount) {
          throw wrong(offsets, elements);
        }
        columns[count++] = column;
      }
      starts[tile / blocks + 1] = count;
    }
    if (count != elements) {
      throw wrong(counts, elements);
    }
    return new SparsePlaces(columnCount, starts, columns);
  }
}
