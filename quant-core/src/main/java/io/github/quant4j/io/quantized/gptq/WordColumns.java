// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.gptq;

import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Codes of each output in a column of words, {@code [ceil(in bits / word), out]}: down a column a
 * dense stream of bits, lowest first. Turned by words they are the rows of {@link PackedCodes}.
 */
final class WordColumns {
  /** Columns that are turned together, so that what is read and written stays in the cache. */
  private static final int TILE = 16;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private WordColumns() {}

  /**
   * The words that so many codes take.
   *
   * @param words tells the size of a word: I32, or I64, I16 or I8
   * @throws IllegalArgumentException if the words have another type
   */
  static long words(Tensor words, int count, int bits) {
    DType dtype = words.dtype();
    if (dtype != DType.I32 && dtype != DType.I64 && dtype != DType.I16 && dtype != DType.I8) {
      throw new IllegalArgumentException(words + ": expected integers, mostly I32");
    }
    if (bits == 3 && dtype != DType.I32) {
      throw new IllegalArgumentException(words + ": expected 3-bit codes in words of I32");
    }
    return Math.ceilDiv((long) count * bits, (long) dtype.bits());
  }

  /** The codes by rows, in memory that is freed with the last reference to it. Costs one pass. */
  static PackedCodes turned(Tensor words, int rows, int columns, int bits) {
    int size = words.dtype().bits() / Byte.SIZE;
    long length = words.shape().dimension(0);
    long rowBytes = length * size;
    MemorySegment from = words.data();
    MemorySegment to = Arena.ofAuto().allocate(Math.max(1, rowBytes * rows), Long.BYTES);
    for (int start = 0; start < rows; start += TILE) {
      int end = Math.min(rows, start + TILE);
      for (long word = 0; word < length; word++) {
        for (int row = start; row < end; row++) {
          long source = (word * rows + row) * size;
          long target = row * rowBytes + word * size;
          if (size == Integer.BYTES) {
            to.set(INT, target, from.get(INT, source));
          } else {
            MemorySegment.copy(from, source, to, target, size);
          }
        }
      }
    }
    return PackedCodes.wrap(rows, columns, bits, rowBytes, to);
  }
}
