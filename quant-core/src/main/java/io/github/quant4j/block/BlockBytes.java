// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import io.github.quant4j.format.HalfPrecision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Little-endian numbers in the bytes of blocks. */
final class BlockBytes {
  private BlockBytes() {}

  static byte[] copy(MemorySegment blocks, long offset, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(blocks, ValueLayout.JAVA_BYTE, offset, bytes, 0, length);
    return bytes;
  }

  static int u8(byte[] bytes, int at) {
    return bytes[at] & 0xff;
  }

  static int u16(byte[] bytes, int at) {
    return u8(bytes, at) | u8(bytes, at + 1) << 8;
  }

  static int u32(byte[] bytes, int at) {
    return u16(bytes, at) | u16(bytes, at + 2) << 16;
  }

  /** A number in binary16. */
  static float half(byte[] bytes, int at) {
    return HalfPrecision.fromFloat16((short) u16(bytes, at));
  }

  /** Writes the nearest number in binary16. */
  static void putHalf(byte[] bytes, int at, float value) {
    short bits = HalfPrecision.toFloat16(value);
    bytes[at] = (byte) bits;
    bytes[at + 1] = (byte) (bits >> Byte.SIZE);
  }
}
