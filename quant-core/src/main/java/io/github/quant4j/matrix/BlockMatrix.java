// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.block.BlockDecoder;
import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.tensor.FloatMatrix;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A weight matrix {@code [out, in]} in blocks of ggml: each row a whole number of blocks, row after
 * row without gaps, as in a GGUF file.
 *
 * <p>Immutable and thread-safe; the blocks may lie in a mapped file. What blocks say is not
 * checked: a scale that is not finite gives weights that are not finite.
 */
public final class BlockMatrix {
  private final BlockFormat format;
  private final int rows;
  private final int columns;
  private final long rowBytes;
  private final @Nullable Supplier<MemorySegment> source;
  private volatile @Nullable MemorySegment data;

  /**
   * Uses blocks where they lie.
   *
   * @param format the type of the blocks
   * @param rows outputs, at least 1
   * @param columns inputs, a multiple of the block's size
   * @param data exactly the blocks; shared, not copied, only read
   * @throws IllegalArgumentException if a size is out of range or the segment has another size
   */
  public BlockMatrix(BlockFormat format, int rows, int columns, MemorySegment data) {
    if (rows < 1) {
      throw new IllegalArgumentException("rows: " + rows + ", expected at least 1");
    }
    this.rowBytes = format.rowBytes(columns);
    if (data.byteSize() / rowBytes != rows || data.byteSize() % rowBytes != 0) {
      throw new IllegalArgumentException(
          "data: "
              + data.byteSize()
              + " bytes, expected "
              + rows
              + " rows of "
              + rowBytes
              + " for ["
              + rows
              + ", "
              + columns
              + "] in "
              + format);
    }
    this.format = format;
    this.rows = rows;
    this.columns = columns;
    this.source = null;
    this.data = data;
  }

  /** Blocks that are made when they are asked for. */
  private BlockMatrix(BlockFormat format, int rows, int columns, Supplier<MemorySegment> source) {
    this.format = format;
    this.rows = rows;
    this.columns = columns;
    this.rowBytes = format.rowBytes(columns);
    this.source = source;
  }

  /**
   * The type of the blocks.
   *
   * @return the format
   */
  public BlockFormat format() {
    return format;
  }

  /**
   * The output features.
   *
   * @return rows of the matrix
   */
  public int rows() {
    return rows;
  }

  /**
   * The input features.
   *
   * @return columns of the matrix
   */
  public int columns() {
    return columns;
  }

  /**
   * The size of a row.
   *
   * @return bytes
   */
  public long rowBytes() {
    return rowBytes;
  }

  /**
   * The blocks.
   *
   * @return {@code rows() * rowBytes()} bytes, not copied
   */
  public MemorySegment data() {
    MemorySegment present = data;
    return present != null ? present : make();
  }

  private synchronized MemorySegment make() {
    MemorySegment present = data;
    if (present == null && source != null) {
      present = source.get();
      data = present;
    }
    return Objects.requireNonNull(present);
  }

  /**
   * Decodes one row, exactly as ggml does.
   *
   * @param row from 0
   * @param target receives {@code columns()} weights
   * @param offset position of the first one
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  public void dequantizeRow(int row, float[] target, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(offset, columns, target.length);
    MemorySegment blocks = data();
    BlockDecoder decoder = format.decoder();
    long block = row * rowBytes;
    for (int column = 0; column < columns; column += format.blockSize()) {
      decoder.decode(blocks, block, target, offset + column);
      block += format.blockBytes();
    }
  }

  /**
   * Decodes the matrix.
   *
   * @return a copy in floats, {@code [rows, columns]}
   * @throws IllegalArgumentException if it has more elements than an array can hold
   */
  public FloatMatrix dequantize() {
    FloatMatrix matrix = FloatMatrix.zeros(rows, columns);
    for (int row = 0; row < rows; row++) {
      dequantizeRow(row, matrix.data(), row * columns);
    }
    return matrix;
  }

  /**
   * Rows in another order, or some of them.
   *
   * @param order for each row of the result the row of this matrix, at least one
   * @return a matrix that copies the rows to the heap when its blocks are first asked for; valid as
   *     long as this one
   * @throws IndexOutOfBoundsException if there is no such row
   * @throws IllegalArgumentException if the order is empty, or the result exceeds an array
   */
  public BlockMatrix withRows(int[] order) {
    long size = order.length * rowBytes;
    if (order.length == 0 || size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "order: " + order.length + " rows of " + rowBytes + " bytes, expected an array's worth");
    }
    int[] rowsInOrder = order.clone();
    for (int row : rowsInOrder) {
      Objects.checkIndex(row, rows);
    }
    return new BlockMatrix(format, order.length, columns, () -> inOrder(rowsInOrder));
  }

  private MemorySegment inOrder(int[] order) {
    MemorySegment blocks = data();
    MemorySegment copy = MemorySegment.ofArray(new byte[(int) (order.length * rowBytes)]);
    for (int row = 0; row < order.length; row++) {
      MemorySegment.copy(blocks, order[row] * rowBytes, copy, row * rowBytes, rowBytes);
    }
    return copy.asReadOnly();
  }

  /**
   * The size of the blocks.
   *
   * @return bits
   */
  public long storageBits() {
    return (long) Byte.SIZE * rows * rowBytes;
  }

  /** Shape and format, for example {@code BlockMatrix[256, 768] Q4_K}. */
  @Override
  public String toString() {
    return "BlockMatrix[" + rows + ", " + columns + "] " + format;
  }
}
