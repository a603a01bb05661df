// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * Stores integer zero points with as many bits as the weights have, in offset binary, packed from
 * top to bottom: the zero points of a column of tiles are one dense bit stream of 32-bit words,
 * lowest bits first, and word {@code w} of column {@code c} is element {@code (w, c)} of an I32
 * tensor {@code [ceil(scaleRows * bits / 32), scaleColumns]}.
 *
 * <p>This is {@code weight_zero_point} of the compressed-tensors format.
 */
public final class ZeroPointCodec {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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
    int columns = layout.scaleColumns();
    int words = words(layout, bits);
    int[] packed = new int[Math.multiplyExact(words, columns)];
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
      long bit = (long) (i / columns) * bits;
      int at = (int) (bit >> 5) * columns + i % columns;
      int shift = (int) (bit & 31);
      packed[at] |= code << shift;
      if (shift + bits > 32) {
        packed[at + columns] |= code >>> (32 - shift);
      }
    }
    return new GroupParameters(
        zeros, StoredParts.of("", Tensor.ofInts(Shape.of(words, columns), packed)));
  }

  private static int words(ScaleLayout layout, int bits) {
    return (int) Math.ceilDiv((long) layout.scaleRows() * bits, 32L);
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
    int columns = layout.scaleColumns();
    Tensor part = StoredParts.require(parts, "", (long) words(layout, bits) * columns, DType.I32);
    float[] zeros = new float[layout.count()];
    for (int i = 0; i < zeros.length; i++) {
      long bit = (long) (i / columns) * bits;
      long at = (bit >> 5) * columns + i % columns;
      int shift = (int) (bit & 31);
      int value = part.data().get(INT, at * Integer.BYTES) >>> shift;
      if (shift + bits > 32) {
        value |= part.data().get(INT, (at + columns) * Integer.BYTES) << (32 - shift);
      }
      zeros[i] = (value & ((1 << bits) - 1)) - format.offset();
    }
    return new GroupParameters(zeros, StoredParts.of("", part));
  }
}
