// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A matrix of unsigned codes of 1 to 16 bits, each row a dense bit stream from a whole byte on:
 * code {@code k} of a row occupies bits {@code k * bits} to {@code (k + 1) * bits - 1}, lowest bits
 * first. {@link PackedCodes} has codes that fit a byte, for single weights.
 *
 * <p>Immutable and thread-safe.
 */
public final class VectorCodes {
  /** The most bits of a code. */
  public static final int MOST_BITS = 16;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int rows;
  private final int columns;
  private final int bits;
  private final long rowBytes;
  private final MemorySegment data;

  private VectorCodes(int rows, int columns, int bits, MemorySegment data) {
    this.rowBytes = rowBytes(columns, bits);
    if (rows < 1 || data.byteSize() != rows * rowBytes) {
      throw new IllegalArgumentException(
          "codes: "
              + data.byteSize()
              + " bytes, expected "
              + rowBytes
              + " for each of "
              + rows
              + " rows, at least one");
    }
    this.rows = rows;
    this.columns = columns;
    this.bits = bits;
    this.data = data;
  }

  /**
   * The bytes of a row.
   *
   * @param columns codes in a row, at least 1
   * @param bits bits of a code, 1 to 16
   * @return bytes
   * @throws IllegalArgumentException if a number is out of range
   */
  public static long rowBytes(int columns, int bits) {
    if (bits < 1 || bits > MOST_BITS) {
      throw new IllegalArgumentException("bits: " + bits + ", expected 1 to " + MOST_BITS);
    }
    if (columns < 1) {
      throw new IllegalArgumentException("columns: " + columns + ", expected at least 1");
    }
    return Math.ceilDiv((long) columns * bits, (long) Byte.SIZE);
  }

  /**
   * Uses packed codes where they lie.
   *
   * @param rows rows of codes, at least 1
   * @param columns codes in a row, at least 1
   * @param bits bits of a code, 1 to 16
   * @param data the bytes; shared, not copied
   * @return the codes
   * @throws IllegalArgumentException if a number is out of range or the segment has another size
   */
  public static VectorCodes wrap(int rows, int columns, int bits, MemorySegment data) {
    return new VectorCodes(rows, columns, bits, data);
  }

  /**
   * Packs codes onto the heap.
   *
   * @param rows rows of codes, at least 1
   * @param columns codes in a row, at least 1
   * @param bits bits of a code, 1 to 16
   * @param codes row-major {@code [rows, columns]}; only the lowest {@code bits} bits count
   * @return the packed codes
   * @throws IllegalArgumentException if a number is out of range or the packed codes exceed an
   *     array
   */
  public static VectorCodes pack(int rows, int columns, int bits, int[] codes) {
    long bytes = rows * rowBytes(columns, bits);
    if (codes.length != (long) rows * columns || bytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "codes: "
              + codes.length
              + ", expected one for each of ["
              + rows
              + ", "
              + columns
              + "], and bytes that fit a Java array");
    }
    byte[] packed = new byte[(int) bytes];
    int mask = (1 << bits) - 1;
    int out = 0;
    for (int row = 0; row < rows; row++) {
      int buffer = 0;
      int filled = 0;
      for (int k = 0; k < columns; k++) {
        buffer |= (codes[row * columns + k] & mask) << filled;
        filled += bits;
        for (; filled >= Byte.SIZE; filled -= Byte.SIZE) {
          packed[out++] = (byte) buffer;
          buffer >>>= Byte.SIZE;
        }
      }
      if (filled > 0) {
        packed[out++] = (byte) buffer;
      }
    }
    return new VectorCodes(rows, columns, bits, MemorySegment.ofArray(packed));
  }

  /**
   * The rows of codes.
   *
   * @return at least 1
   */
  public int rows() {
    return rows;
  }

  /**
   * The codes in a row.
   *
   * @return at least 1
   */
  public int columns() {
    return columns;
  }

  /**
   * The bits of a code.
   *
   * @return 1 to 16
   */
  public int bits() {
    return bits;
  }

  /**
   * The packed bytes.
   *
   * @return the live segment
   */
  public MemorySegment data() {
    return data;
  }

  /**
   * Unpacks a part of a row.
   *
   * @param row from 0
   * @param from the first column
   * @param count how many codes
   * @param target receives the codes
   * @param offset position of the first one
   * @throws IndexOutOfBoundsException if the codes lie outside the matrix or the target is too
   *     short
   */
  public void unpack(int row, int from, int count, int[] target, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(from, count, columns);
    Objects.checkFromIndexSize(offset, count, target.length);
    int mask = (1 << bits) - 1;
    long start = row * rowBytes * Byte.SIZE + (long) from * bits;
    long end = data.byteSize() - Integer.BYTES;
    int k = 0;
    // A code and the bits before it in its first byte are at most 23 bits.
    for (long bit = start; k < count && bit >> 3 <= end; k++, bit += bits) {
      target[offset + k] = data.get(INT, bit >> 3) >>> (int) (bit & 7) & mask;
    }
    for (; k < count; k++) {
      target[offset + k] = last(start + (long) k * bits) & mask;
    }
  }

  /** A code near the end, where a whole word would reach beyond the segment. */
  private int last(long bit) {
    int word = 0;
    for (int i = 0; i < Integer.BYTES && (bit >> 3) + i < data.byteSize(); i++) {
      word |= (data.get(ValueLayout.JAVA_BYTE, (bit >> 3) + i) & 0xff) << i * Byte.SIZE;
    }
    return word >>> (int) (bit & 7);
  }

  /**
   * The size, with what fills the last byte of each row.
   *
   * @return bits
   */
  public long storageBits() {
    return data.byteSize() * Byte.SIZE;
  }
}
