// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.matrix.PackedCodes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Two's complement bytes against codes of 8 bits in offset binary: they differ in the highest bit.
 * Both directions copy, to memory that is freed with the last reference to it.
 */
public final class SignedBytes {
  /** The highest bit of each of eight bytes. */
  private static final long HIGHEST = 0x8080808080808080L;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private SignedBytes() {}

  /**
   * Codes of signed bytes.
   *
   * @param rows rows of the matrix
   * @param columns columns of the matrix
   * @param signed {@code [rows, columns]} bytes
   * @return the codes, a copy
   */
  public static PackedCodes toCodes(int rows, int columns, MemorySegment signed) {
    MemorySegment codes = Arena.ofAuto().allocate(Math.max(1, (long) rows * columns));
    flip(signed, 0, codes, 0, (long) rows * columns);
    return PackedCodes.wrap(rows, columns, 8, columns, codes);
  }

  /**
   * Signed bytes of codes.
   *
   * @param codes of 8 bits
   * @return {@code [rows, columns]} bytes, a copy
   */
  public static MemorySegment fromCodes(PackedCodes codes) {
    long columns = codes.columns();
    MemorySegment signed = Arena.ofAuto().allocate(codes.rows() * columns);
    for (int row = 0; row < codes.rows(); row++) {
      flip(codes.data(), row * codes.rowBytes(), signed, row * columns, columns);
    }
    return signed;
  }

  private static void flip(
      MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long count) {
    long at = 0;
    for (; at + Long.BYTES <= count; at += Long.BYTES) {
      to.set(LONG, toOffset + at, from.get(LONG, fromOffset + at) ^ HIGHEST);
    }
    for (; at < count; at++) {
      byte value = from.get(ValueLayout.JAVA_BYTE, fromOffset + at);
      to.set(ValueLayout.JAVA_BYTE, toOffset + at, (byte) (value ^ HIGHEST));
    }
  }
}
