// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;

/**
 * How scales are stored, and therefore which scales there can be.
 *
 * <p>Encoding takes the scales that a search would like and gives the nearest that the codec can
 * express; codes must be computed against those. Scales are positive; a tile of zeros asks for
 * scale 0 and gets one that represents it exactly.
 */
public sealed interface ScaleCodec
    permits FloatScaleCodec, PowerOfTwoScaleCodec, TensorRelativeScaleCodec, RowMultipleScaleCodec {

  /**
   * The text form in recipes.
   *
   * @return for example {@code f16}
   */
  String label();

  /**
   * Whether each scale is stored by itself, so that what is stored for one does not depend on the
   * others.
   *
   * @return true unless scales share something, such as a scale of their own
   */
  boolean isIndependent();

  /**
   * Encodes scales.
   *
   * @param scales the wanted scales, row-major as in the layout; finite, not negative
   * @param layout their layout
   * @param format the element format, whose largest level relates a scale to a magnitude
   * @return the scales that are stored
   * @throws IllegalArgumentException if a scale is negative or not finite, or their number is not
   *     the layout's
   */
  GroupParameters encode(double[] scales, ScaleLayout layout, NumberFormat format);

  /**
   * Decodes stored scales.
   *
   * @param parts the stored tensors by suffix, as {@link GroupParameters#parts()} gives them
   * @param layout their layout
   * @return the scales
   * @throws IllegalArgumentException if a part is missing, or has another type or size
   */
  GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout);

  /**
   * Reads the text form.
   *
   * @param text for example {@code f16}
   * @return the codec
   * @throws IllegalArgumentException if there is no such codec
   */
  static ScaleCodec parse(String text) {
    return switch (text) {
      case "f32" -> FloatScaleCodec.FLOAT32;
      case "f16" -> FloatScaleCodec.FLOAT16;
      case "bf16" -> FloatScaleCodec.BFLOAT16;
      case "e8m0" -> PowerOfTwoScaleCodec.FLOOR;
      case "e8m0ceil" -> PowerOfTwoScaleCodec.CEIL;
      case "e8m0near" -> PowerOfTwoScaleCodec.NEAREST;
      case "e4m3" -> new TensorRelativeScaleCodec();
      case "i8row" -> new RowMultipleScaleCodec();
      default ->
          throw new IllegalArgumentException(
              "scale codec: '"
                  + text
                  + "', expected f32, f16, bf16, e8m0, e8m0ceil, e8m0near, e4m3 or i8row");
    };
  }
}
