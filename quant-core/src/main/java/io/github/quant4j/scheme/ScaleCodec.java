// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;

/**
 * How scales are stored, and therefore which scales there can be.
 *
 * <p>Encoding takes the scales that a search would like and gives the nearest that the codec can
 * express; codes must be computed against those. Stored scales are positive and finite, whatever is
 * asked for: a tile of zeros asks for scale 0 and gets one that represents it exactly, and a scale
 * below or above what the codec stores becomes the nearest that it does.
 */
public sealed interface ScaleCodec
    permits FloatScaleCodec,
        E8m0ScaleCodec,
        Nvfp4ScaleCodec,
        PowerOfTwoRowScaleCodec,
        RowMultipleScaleCodec,
        DoubleQuantizedScaleCodec,
        UnitScaleCodec,
        BlockScaleCodec {

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
   * Settles what the scales of a matrix share.
   *
   * @param typical a good guess at the scales, row-major as in the layout; finite, not negative
   * @param layout their layout
   * @param format the element format, whose largest level relates a scale to a magnitude
   * @return the frame
   * @throws IllegalArgumentException if a scale is negative or not finite, or their number is not
   *     the layout's
   */
  ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format);

  /**
   * What scales share that are stored already: a frame that gives each of them back.
   *
   * @param stored scales of this codec
   * @param layout their layout
   * @param format the element format, whose largest level relates a scale to a magnitude
   * @return the frame
   * @throws IllegalArgumentException if the scales are of another codec or layout
   */
  ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format);

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
  default GroupParameters encode(double[] scales, ScaleLayout layout, NumberFormat format) {
    return frame(scales, layout, format).encode(scales);
  }

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
   * Encodes the zero points that go with the scales: as they are, unless the codec says otherwise.
   *
   * @param zeros one integer for each tile, in units of the format's (signed) values
   * @param layout the tiles
   * @param format the integer format
   * @return the zero points that are stored
   * @throws IllegalArgumentException if one is not a value of the format, or their number is not
   *     the layout's
   */
  default GroupParameters encodeZeroPoints(
      float[] zeros, ScaleLayout layout, IntegerFormat format) {
    return ZeroPointCodec.encode(zeros, layout, format);
  }

  /**
   * Decodes stored zero points.
   *
   * @param parts the stored tensors by suffix
   * @param layout the tiles
   * @param format the integer format
   * @return the zero points
   * @throws IllegalArgumentException if a part is missing, or has another type or size
   */
  default GroupParameters decodeZeroPoints(
      Map<String, Tensor> parts, ScaleLayout layout, IntegerFormat format) {
    return ZeroPointCodec.decode(parts, layout, format);
  }

  /**
   * Reads the text form.
   *
   * @param text for example {@code f16} or {@code second-order(3,16)}
   * @return the codec
   * @throws IllegalArgumentException if there is no such codec; the message suggests the nearest
   */
  static ScaleCodec parse(String text) {
    return ScaleCodecs.STEPS.read(Phrase.of("scale codec", text));
  }
}
