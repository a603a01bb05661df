// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.awq;

import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Codes of 4 bits in the orders of AWQ kernels, repacked by rows: to memory that is freed with the
 * last reference to it.
 */
final class Nibbles {
  static final int BITS = 4;

  /** Codes in a word. */
  static final int PER_WORD = 8;

  /** Inputs that are shuffled with each other in the fast layout. */
  private static final int RUN = 32;

  /** Inputs of a row before the next row follows, in the fast layout. */
  private static final int STRIDE = 64;

  /** Rows that are interleaved in the fast layout. */
  static final int ROWS = 4;

  /** The nibble of each of eight outputs. */
  private static final int[] NIBBLE = {0, 4, 1, 5, 2, 6, 3, 7};

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Nibbles() {}

  /**
   * Turns codes that are interleaved along the outputs.
   *
   * @param words {@code [in, out / 8]}
   */
  static PackedCodes turned(Tensor words) {
    int columns = (int) words.shape().dimension(0);
    int perRow = (int) words.shape().dimension(1);
    int rows = Math.multiplyExact(perRow, PER_WORD);
    long rowBytes = PackedCodes.rowBytes(columns, BITS, Integer.BYTES);
    MemorySegment from = words.data();
    MemorySegment to = Arena.ofAuto().allocate(Math.max(1, rowBytes * rows), Long.BYTES);
    int[] eight = new int[PER_WORD];
    for (int column = 0; column < columns; column += PER_WORD) {
      int count = Math.min(PER_WORD, columns - column);
      for (int word = 0; word < perRow; word++) {
        Arrays.fill(eight, 0);
        for (int i = 0; i < count; i++) {
          int codes = from.get(INT, ((long) (column + i) * perRow + word) * Integer.BYTES);
          for (int c = 0; c < PER_WORD; c++) {
            eight[c] |= (codes >>> BITS * NIBBLE[c] & 15) << BITS * i;
          }
        }
        for (int c = 0; c < PER_WORD; c++) {
          long row = (long) word * PER_WORD + c;
          to.set(INT, row * rowBytes + (long) column / PER_WORD * Integer.BYTES, eight[c]);
        }
      }
    }
    return PackedCodes.wrap(rows, columns, BITS, rowBytes, to);
  }

  /**
   * The fields of a matrix of words that are interleaved along its rows.
   *
   * @param words {@code [lines, width / 8]}
   * @return {@code [lines, width]}
   */
  static byte[] interleaved(Tensor words) {
    int[] given = words.toIntArray();
    byte[] fields = new byte[Math.multiplyExact(given.length, PER_WORD)];
    for (int i = 0; i < given.length; i++) {
      for (int c = 0; c < PER_WORD; c++) {
        fields[i * PER_WORD + c] = (byte) (given[i] >>> BITS * NIBBLE[c] & 15);
      }
    }
    return fields;
  }

  /**
   * Undoes the fast layout.
   *
   * @param shorts {@code [out / 4, in]}, a multiple of 64 inputs
   */
  static PackedCodes unshuffled(Tensor shorts) {
    int lines = (int) shorts.shape().dimension(0);
    int columns = (int) shorts.shape().dimension(1);
    int rows = Math.multiplyExact(lines, ROWS);
    byte[] codes = new byte[Math.multiplyExact(rows, columns)];
    MemorySegment data = shorts.data();
    for (int line = 0; line < lines; line++) {
      for (int at = 0; at < columns; at++) {
        int four = data.get(SHORT, ((long) line * columns + at) * Short.BYTES);
        // Each run of 64 places has 16 for each of the four rows, of which one holds four codes.
        int row = line * ROWS + at % STRIDE / (STRIDE / ROWS);
        int from = at / STRIDE * STRIDE + at % (STRIDE / ROWS) * ROWS;
        for (int i = 0; i < ROWS; i++) {
          codes[row * columns + column(from + i)] = (byte) (four >>> BITS * i & 15);
        }
      }
    }
    return PackedCodes.pack(rows, columns, BITS, Integer.BYTES, codes);
  }

  /**
   * The input of a place in a row: of 32 inputs come first those that are 0 and 1 modulo 8, then 2
   * and 3 and so on, and of each eight of these the even ones before the odd ones.
   */
  private static int column(int place) {
    int inEight = place % 8;
    int even = inEight < 4 ? 2 * inEight : 2 * (inEight - 4) + 1;
    int inRun = place % RUN / 8 * 8 + even;
    return place / RUN * RUN + inRun / 2 % 4 * 8 + inRun / 8 * 2 + inRun % 2;
  }
}
