// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/** Unsigned numbers of 1 to 8 bits as one dense stream of bytes, lowest bits first. */
final class BitStream {
  private BitStream() {}

  static Tensor pack(int[] values, int bits) {
    byte[] packed = new byte[Math.toIntExact(bytes(values.length, bits))];
    for (int i = 0; i < values.length; i++) {
      long bit = (long) i * bits;
      int at = (int) (bit >> 3);
      int shifted = values[i] << (int) (bit & 7);
      packed[at] |= (byte) shifted;
      if (shifted > 0xff) {
        packed[at + 1] |= (byte) (shifted >> 8);
      }
    }
    return Tensor.ofBytes(DType.U8, Shape.of(packed.length), packed);
  }

  static int get(Tensor stream, int index, int bits) {
    long bit = (long) index * bits;
    long at = bit >> 3;
    int value = stream.data().get(ValueLayout.JAVA_BYTE, at) & 0xff;
    if ((bit & 7) + bits > 8) {
      value |= (stream.data().get(ValueLayout.JAVA_BYTE, at + 1) & 0xff) << 8;
    }
    return value >> (int) (bit & 7) & ((1 << bits) - 1);
  }

  /** The part under a suffix, after checking that it holds so many numbers. */
  static Tensor require(Map<String, Tensor> parts, String suffix, int count, int bits) {
    return StoredParts.require(parts, suffix, bytes(count, bits), DType.U8);
  }

  private static long bytes(int count, int bits) {
    return Math.ceilDiv((long) count * bits, 8L);
  }
}
