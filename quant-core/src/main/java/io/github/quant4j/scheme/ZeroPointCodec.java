// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/**
 * Stores integer zero points with as many bits as the weights have, in offset binary, as one dense
 * bit stream, lowest bits first.
 */
public final class ZeroPointCodec {
  private ZeroPointCodec() {}

  /**
   * Encodes zero points.
   *
   * @param zeros one integer for each tile, in units of the format's (signed) values
   * @param layout the tiles
   * @param format the integer format
   * @return the zero points with their stored form
   * @throws IllegalArgumentException if one is not a value of the format, or their number is not
   *     the layout's
   */
  public static GroupParameters encode(float[] zeros, ScaleLayout layout, IntegerFormat format) {
    if (zeros.length != layout.count()) {
      throw new IllegalArgumentException(
          "zero points: " + zeros.length + ", expected " + layout.count() + " for " + layout);
    }
    int bits = format.bits();
    byte[] packed = new byte[Math.toIntExact(Math.ceilDiv((long) zeros.length * bits, 8L))];
    for (int i = 0; i < zeros.length; i++) {
      int code = (int) zeros[i] + format.offset();
      if (code != zeros[i] + format.offset() || code < 0 || code >= 1 << bits) {
        throw new IllegalArgumentException(
            "zero points: number "
                + i
                + " is "
                + zeros[i]
                + ", expected an integer from "
                + format.minimum()
                + " to "
                + format.maximum());
      }
      long bit = (long) i * bits;
      int at = (int) (bit >> 3);
      int shifted = code << (int) (bit & 7);
      packed[at] |= (byte) shifted;
      if (shifted > 0xff) {
        packed[at + 1] |= (byte) (shifted >> 8);
      }
    }
    return new GroupParameters(
        zeros, StoredParts.of("", Tensor.ofBytes(DType.U8, Shape.of(packed.length), packed)));
  }

  /**
   * Decodes stored zero points.
   *
   * @param parts the stored tensors by suffix
   * @param layout the tiles
   * @param format the integer format
   * @return the zero points
   * @throws IllegalArgumentException if the part is missing, or has another type or size
   */
  public static GroupParameters decode(
      Map<String, Tensor> parts, ScaleLayout layout, IntegerFormat format) {
    int bits = format.bits();
    int count = layout.count();
    Tensor part = StoredParts.require(parts, "", Math.ceilDiv((long) count * bits, 8L), DType.U8);
    float[] zeros = new float[count];
    for (int i = 0; i < count; i++) {
      long bit = (long) i * bits;
      long at = bit >> 3;
      int value = part.data().get(ValueLayout.JAVA_BYTE, at) & 0xff;
      if ((bit & 7) + bits > 8) {
        value |= (part.data().get(ValueLayout.JAVA_BYTE, at + 1) & 0xff) << 8;
      }
      zeros[i] = (value >> (int) (bit & 7) & ((1 << bits) - 1)) - format.offset();
    }
    return new GroupParameters(zeros, StoredParts.of("", part));
  }
}
