// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A matrix of unsigned codes of 1 to 8 bits, each row a dense bit stream: code {@code k} of a row
 * occupies bits {@code k * bits} to {@code (k + 1) * bits - 1}, lowest bits first, and rows start
 * at multiples of {@code rowBytes}.
 *
 * <p>With rows of whole 32-bit words this is the {@code weight_packed} layout of compressed-tensors
 * (dense form), so that a file's tensor can be used in place. Kernels that want another order
 * repack once.
 */
public final class PackedCodes {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int rows;
  private final int columns;
  private final int bits;
  private final long rowBytes;
  private final MemorySegment data;

  private PackedCodes(int rows, int columns, int bits, long rowBytes, MemorySegment data) {
    if (bits < 1 || bits > 8) {
      throw new IllegalArgumentException("bits: " + bits + ", expected 1 to 8");
    }
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "[" + rows + ", " + columns + "]: sizes must be at least 1");
    }
    long least = Math.ceilDiv((long) columns * bits, 8L);
    if (rowBytes < least) {
      throw new IllegalArgumentException(
          "rowBytes: "
              + rowBytes
              + ", expected at least "
              + least
              + " for "
              + columns
              + " codes of "
              + bits
              + " bits");
    }
    if (data.byteSize() < rowBytes * rows) {
      throw new IllegalArgumentException(
          "data: "
              + data.byteSize()
              + " bytes, expected "
              + rowBytes * rows
              + " for "
              + rows
              + " rows of "
              + rowBytes);
    }
    this.rows = rows;
    this.columns = columns;
    this.bits = bits;
    this.rowBytes = rowBytes;
    this.data = data;
  }

  /**
   * The bytes of a row when rows are padded to whole units.
   *
   * @param columns codes in a row
   * @param bits bits of a code
   * @param unit bytes that a row is rounded up to, at least 1
   * @return bytes
   */
  public static long rowBytes(int columns, int bits, int unit) {
    return Math.ceilDiv(Math.ceilDiv((long) columns * bits, 8L), (long) unit) * unit;
  }

  /**
   * Uses packed codes where they lie.
   *
   * @param rows rows of the matrix, at least 1
   * @param columns codes in a row, at least 1
   * @param bits bits of a code, 1 to 8
   * @param rowBytes distance of the rows
   * @param data the bytes; shared, not copied
   * @return the codes
   * @throws IllegalArgumentException if a size is out of range or the segment is too small
   */
  public static PackedCodes wrap(
      int rows, int columns, int bits, long rowBytes, MemorySegment data) {
    return new PackedCodes(rows, columns, bits, rowBytes, data);
  }

  /**
   * Packs codes onto the heap.
   *
   * @param rows rows of the matrix, at least 1
   * @param columns codes in a row, at least 1
   * @param bits bits of a code, 1 to 8
   * @param unit bytes that each row is padded to: 4 for whole words, 1 for none
   * @param codes one code in a byte, row-major, {@code rows * columns} of them; only the lowest
   *     {@code bits} bits count
   * @return the packed codes
   * @throws IllegalArgumentException if a size is out of range, or the packed matrix exceeds an
   *     array
   */
  public static PackedCodes pack(int rows, int columns, int bits, int unit, byte[] codes) {
    long rowBytes = rowBytes(columns, bits, unit);
    if (rowBytes * rows > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "["
              + rows
              + ", "
              + columns
              + "] at "
              + bits
              + " bits: "
              + rowBytes * rows
              + " bytes do not fit a Java array");
    }
    if (codes.length != (long) rows * columns) {
      throw new IllegalArgumentException(
          "codes: "
              + codes.length
              + ", expected "
              + (long) rows * columns
              + " for ["
              + rows
              + ", "
              + columns
              + "]");
    }
    byte[] packed = new byte[(int) (rowBytes * rows)];
    for (int row = 0; row < rows; row++) {
      packRow(codes, row * columns, columns, bits, packed, (int) (row * rowBytes));
    }
    return new PackedCodes(rows, columns, bits, rowBytes, MemorySegment.ofArray(packed));
  }

  private static void packRow(
      byte[] codes, int from, int columns, int bits, byte[] packed, int to) {
    int mask = (1 << bits) - 1;
    int buffer = 0;
    int filled = 0;
    int out = to;
    for (int i = 0; i < columns; i++) {
      buffer |= (codes[from + i] & mask) << filled;
      filled += bits;
      if (filled >= 8) {
        packed[out++] = (byte) buffer;
        buffer >>>= 8;
        filled -= 8;
      }
    }
    if (filled > 0) {
      packed[out] = (byte) buffer;
    }
  }

  /**
   * The rows.
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
   * @return 1 to 8
   */
  public int bits() {
    return bits;
  }

  /**
   * The distance of the rows.
   *
   * @return bytes
   */
  public long rowBytes() {
    return rowBytes;
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
   * The size, padding included.
   *
   * @return bits
   */
  public long storageBits() {
    return rowBytes * rows * 8;
  }

  /**
   * One code. For many codes {@link #unpackRow} is faster.
   *
   * @param row from 0
   * @param column from 0
   * @return the code
   * @throws IndexOutOfBoundsException if the position lies outside the matrix
   */
  public int get(int row, int column) {
    Objects.checkIndex(row, rows);
    Objects.checkIndex(column, columns);
    long bit = (long) column * bits;
    long index = row * rowBytes + (bit >> 3);
    int shift = (int) (bit & 7);
    int value = data.get(ValueLayout.JAVA_BYTE, index) & 0xff;
    if (shift + bits > 8) {
      value |= (data.get(ValueLayout.JAVA_BYTE, index + 1) & 0xff) << 8;
    }
    return value >> shift & ((1 << bits) - 1);
  }

  /**
   * Unpacks a row, one code in a byte.
   *
   * @param row from 0
   * @param target receives {@code columns()} codes, to be read as unsigned bytes
   * @param offset position of the first one
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  public void unpackRow(int row, byte[] target, int offset) {
    unpack(row, 0, columns, target, offset);
  }

  /**
   * Unpacks a part of a row, one code in a byte.
   *
   * @param row from 0
   * @param from the first column, a multiple of 8
   * @param count how many codes
   * @param target receives the codes, to be read as unsigned bytes
   * @param offset position of the first one
   * @throws IndexOutOfBoundsException if the codes lie outside the matrix or the target is too
   *     short
   * @throws IllegalArgumentException if the first column is not a multiple of 8
   */
  public void unpack(int row, int from, int count, byte[] target, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(from, count, columns);
    Objects.checkFromIndexSize(offset, count, target.length);
    if ((from & 7) != 0) {
      throw new IllegalArgumentException("from: " + from + ", expected a multiple of 8");
    }
    // Eight codes of b bits are exactly b bytes.
    long start = row * rowBytes + (long) (from >> 3) * bits;
    if (bits == 8) {
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, start, target, offset, count);
      return;
    }
    // One unaligned word holds eight codes. The last ones go one by one, because the word would
    // reach beyond the segment.
    int mask = (1 << bits) - 1;
    int whole = 0;
    long end = data.byteSize() - 8;
    for (long at = start; whole + 8 <= count && at <= end; at += bits, whole += 8) {
      long word = data.get(LONG, at);
      for (int i = 0; i < 8; i++) {
        target[offset + whole + i] = (byte) (word & mask);
        word >>>= bits;
      }
    }
    for (int i = whole; i < count; i++) {
      target[offset + i] = (byte) get(row, from + i);
    }
  }
}
