// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The two ways in which compressed-tensors has packed codes into 32-bit words: {@link #DENSE}, a
 * bit stream whose codes may straddle words, and {@link #PADDED}, {@code floor(32 / bits)} codes in
 * each word with the rest of its bits zero (3, 5, 6 and 7 bits before version 0.17). For 1, 2, 4
 * and 8 bits they are the same.
 */
enum WordPacking {
  DENSE,
  PADDED;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The words that so many codes take. */
  long words(int count, int bits) {
    return switch (this) {
      case DENSE -> Math.ceilDiv((long) count * bits, 32L);
      case PADDED -> Math.ceilDiv((long) count, (long) (32 / bits));
    };
  }

  /**
   * Which of the two a matrix of words is.
   *
   * <p>The number of words tells, but for a few codes: there the padding does. A matrix that could
   * be either is taken for dense, which is what is written today.
   *
   * @param words {@code [lines, words]}, or {@code [words, lines]} if packed from top to bottom
   * @param axis 1 if a line of codes runs along a row, 0 if along a column
   * @param count codes in a line
   * @throws IllegalArgumentException if it is neither
   */
  static WordPacking of(Tensor words, int axis, int count, int bits) {
    long found = words.shape().dimension(axis);
    boolean dense = found == DENSE.words(count, bits);
    boolean padded = found == PADDED.words(count, bits);
    if (!dense && !padded) {
      throw new IllegalArgumentException(
          words
              + ": expected "
              + DENSE.words(count, bits)
              + " words (dense) or "
              + PADDED.words(count, bits)
              + " (padded) for "
              + count
              + " codes of "
              + bits
              + " bits");
    }
    if (dense && padded && 32 % bits != 0) {
      boolean lookPadded = PADDED.hasZeroPadding(words, axis, count, bits);
      return lookPadded && !DENSE.hasZeroPadding(words, axis, count, bits) ? PADDED : DENSE;
    }
    return dense ? DENSE : PADDED;
  }

  private boolean hasZeroPadding(Tensor words, int axis, int count, int bits) {
    long lines = words.shape().dimension(1 - axis);
    long length = words.shape().dimension(axis);
    for (long line = 0; line < lines; line++) {
      for (long i = 0; i < length; i++) {
        long index = axis == 1 ? line * length + i : i * lines + line;
        int used = (int) Math.min(usedBits(bits), usedBefore(count, bits, i));
        int word = words.data().get(INT, index * Integer.BYTES);
        if (used < 32 && word >>> used != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** The bits of a full word that hold codes. */
  private int usedBits(int bits) {
    return this == DENSE ? 32 : 32 / bits * bits;
  }

  /** The bits of codes that are left for a word and those behind it. */
  private long usedBefore(int count, int bits, long word) {
    return switch (this) {
      case DENSE -> (long) count * bits - word * 32;
      case PADDED -> (count - word * (32 / bits)) * bits;
    };
  }

  /**
   * Reads one code.
   *
   * @param words a bit stream of words that are {@code stride} elements apart
   * @param first index of the stream's first word
   * @param position the code's number
   */
  private int code(MemorySegment words, long first, long stride, int position, int bits) {
    int perWord = 32 / bits;
    long bit = this == DENSE ? (long) position * bits : 0;
    long word = this == DENSE ? bit >> 5 : position / perWord;
    int shift = this == DENSE ? (int) (bit & 31) : position % perWord * bits;
    int value = words.get(INT, (first + word * stride) * Integer.BYTES) >>> shift;
    if (shift + bits > 32) {
      value |= words.get(INT, (first + (word + 1) * stride) * Integer.BYTES) << (32 - shift);
    }
    return value & ((1 << bits) - 1);
  }

  /**
   * The codes of a matrix of rows of words: where they lie if they are dense, repacked otherwise.
   *
   * @param words {@code [rows, words]}
   */
  PackedCodes codes(Tensor words, int rows, int columns, int bits) {
    long rowWords = words.shape().dimension(1);
    if (this == DENSE || 32 % bits == 0) {
      return PackedCodes.wrap(rows, columns, bits, rowWords * Integer.BYTES, words.data());
    }
    long rowBytes = PackedCodes.rowBytes(columns, bits, Integer.BYTES);
    MemorySegment dense = Arena.ofAuto().allocate(rowBytes * rows);
    byte[] line = new byte[columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        line[column] = (byte) code(words.data(), row * rowWords, 1, column, bits);
      }
      MemorySegment packed = PackedCodes.pack(1, columns, bits, Integer.BYTES, line).data();
      MemorySegment.copy(packed, 0, dense, row * rowBytes, rowBytes);
    }
    return PackedCodes.wrap(rows, columns, bits, rowBytes, dense);
  }

  /**
   * The zero points of rows of tiles, packed from top to bottom.
   *
   * @param words {@code [words, columns]}
   * @return {@code [rows, columns]}, in signed form
   */
  static float[] zeroPoints(
      Tensor words, int rows, int columns, int bits, Optional<WordPacking> ofWeights) {
    WordPacking packing = of(words, 0, rows, bits);
    // The weights are larger, so if they can be one thing only, they know better.
    if (ofWeights.isPresent() && words.shape().dimension(0) == ofWeights.get().words(rows, bits)) {
      packing = ofWeights.get();
    }
    float[] zeros = new float[Math.multiplyExact(rows, columns)];
    int offset = 1 << (bits - 1);
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = packing.code(words.data(), i % columns, columns, i / columns, bits) - offset;
    }
    return zeros;
  }
}
