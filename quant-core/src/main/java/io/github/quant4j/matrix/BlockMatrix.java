// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.block.BlockDecoder;
import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.tensor.FloatMatrix;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

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
  private final MemorySegment data;

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
    this.data = data;
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
    return data;
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
    BlockDecoder decoder = format.decoder();
    long block = row * rowBytes;
    for (int column = 0; column < columns; column += format.blockSize()) {
      decoder.decode(data, block, target, offset + column);
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
   * @return a copy on the heap
   * @throws IndexOutOfBoundsException if there is no such row
   * @throws IllegalArgumentException if the order is empty, or the result exceeds an array
   */
  public BlockMatrix withRows(int[] order) {
    long size = order.length * rowBytes;
    if (order.length == 0 || size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "order: " + order.length + " rows of " + rowBytes + " bytes, expected an array's worth");
    }
    MemorySegment copy = MemorySegment.ofArray(new byte[(int) size]);
    for (int row = 0; row < order.length; row++) {
      int source = Objects.checkIndex(order[row], rows);
      MemorySegment.copy(data, source * rowBytes, copy, row * rowBytes, rowBytes);
    }
    return new BlockMatrix(format, order.length, columns, copy.asReadOnly());
  }

  /**
   * The size of the blocks.
   *
   * @return bits
   */
  public long storageBits() {
    return Byte.SIZE * data.byteSize();
  }

  /** Shape and format, for example {@code BlockMatrix[256, 768] Q4_K}. */
  @Override
  public String toString() {
    return "BlockMatrix[" + rows + ", " + columns + "] " + format;
  }
}
