// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Ternary codes of four rows in each row of bytes, as BitNet checkpoints have them: bits {@code 2i}
 * and {@code 2i + 1} of byte {@code (r, c)} are the code of row {@code r + i * rows / 4}, column
 * {@code c}. The codes 0, 1 and 2 stand for -1, 0 and 1; there is no code 3.
 */
final class FourRows {
  static final int ROWS = 4;

  private static final int BITS = 2;

  /** The lower bit of each code of eight bytes. */
  private static final long LOWER = 0x5555555555555555L;

  /** The first code of each of eight bytes. */
  private static final long FIRST = 0x0303030303030303L;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FourRows() {}

  /**
   * Copies the codes to rows of their own, in memory that is freed with the last reference to it.
   * Costs one pass.
   *
   * @param packed {@code [rows / 4, columns]} bytes
   * @throws IllegalArgumentException if there is a code 3, or a size is 0
   */
  static PackedCodes unpack(Tensor packed, int rows, int columns) {
    int lines = rows / ROWS;
    // Whole shorts, as eight codes are written at once.
    long rowBytes = PackedCodes.rowBytes(columns, BITS, Integer.BYTES);
    MemorySegment target = Arena.ofAuto().allocate(Math.max(1, rowBytes * rows), Long.BYTES);
    PackedCodes codes = PackedCodes.wrap(rows, columns, BITS, rowBytes, target);
    MemorySegment data = packed.data();
    for (int line = 0; line < lines; line++) {
      long from = (long) line * columns;
      for (int column = 0; column < columns; column += Long.BYTES) {
        long eight = eight(data, from + column, columns - column);
        if ((eight & eight >>> 1 & LOWER) != 0) {
          throw unknown(packed, line, column, eight);
        }
        for (int i = 0; i < ROWS; i++) {
          long row = line + (long) i * lines;
          short bits = (short) Long.compress(eight, FIRST << BITS * i);
          target.set(SHORT, row * rowBytes + column / ROWS, bits);
        }
      }
    }
    return codes;
  }

  /** Eight bytes, those beyond the count zero. */
  private static long eight(MemorySegment data, long at, int count) {
    if (count >= Long.BYTES) {
      return data.get(LONG, at);
    }
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      bytes |= (data.get(ValueLayout.JAVA_BYTE, at + i) & 0xffL) << Byte.SIZE * i;
    }
    return bytes;
  }

  private static IllegalArgumentException unknown(Tensor packed, int line, int column, long eight) {
    int bit = Long.numberOfTrailingZeros(eight & eight >>> 1 & LOWER);
    return new IllegalArgumentException(
        packed
            + ": code 3 in byte ("
            + line
            + ", "
            + (column + bit / Byte.SIZE)
            + "), expected 0 to 2, which stand for -1, 0 and 1");
  }
}
