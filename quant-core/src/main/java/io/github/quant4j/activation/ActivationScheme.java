// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.activation;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.ScaleCodec;

/**
 * How the input of a linear layer is quantized: {@code x = scale * (value(code) - zero)}.
 *
 * @param format the element format
 * @param granularity which elements share a scale
 * @param symmetric whether there is no zero point
 * @param scaleCodec which scales there can be; {@link FloatScaleCodec#FLOAT32} unless the format
 *     prescribes another (MXFP, NVFP4)
 */
public record ActivationScheme(
    NumberFormat format,
    ActivationGranularity granularity,
    boolean symmetric,
    ScaleCodec scaleCodec) {

  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if a zero point is asked for with a format that is not an
   *     integer one
   */
  public ActivationScheme {
    if (!symmetric && !(format instanceof IntegerFormat)) {
      throw new IllegalArgumentException(
          "asym: a zero point needs an integer format, found " + format.name());
    }
  }

  /**
   * A scheme with binary32 scales.
   *
   * @param format the element format
   * @param granularity which elements share a scale
   * @param symmetric whether there is no zero point
   * @return the scheme
   * @throws IllegalArgumentException if a zero point is asked for with a non-integer format
   */
  public static ActivationScheme of(
      NumberFormat format, ActivationGranularity granularity, boolean symmetric) {
    return new ActivationScheme(format, granularity, symmetric, FloatScaleCodec.FLOAT32);
  }

  /** The canonical text form, for example {@code int8:token:sym}. */
  @Override
  public String toString() {
    return format.name()
        + ":"
        + granularity
        + (symmetric ? ":sym" : ":asym")
        + (scaleCodec.equals(FloatScaleCodec.FLOAT32) ? "" : ":" + scaleCodec.label());
  }
}
