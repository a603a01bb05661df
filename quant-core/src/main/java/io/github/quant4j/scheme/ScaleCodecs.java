// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;

/** How scales are stored, as steps of recipes. */
public final class ScaleCodecs {
  static final Step<DoubleQuantizedScaleCodec, DoubleQuantizedScaleCodec> SECOND_ORDER =
      Step.<DoubleQuantizedScaleCodec>named(
              "second-order", "scales and zero points that are quantized again (SpQR, QLoRA)")
          .optional("BITS", Range.whole(1, 8), 3, DoubleQuantizedScaleCodec::bits, "of a scale")
          .optional(
              "RUN", Range.whole(2, 65_536), 16, DoubleQuantizedScaleCodec::run, "scales of a run")
          .make(values -> new DoubleQuantizedScaleCodec(values.count("BITS"), values.count("RUN")));

  /** All of them. */
  public static final Steps<ScaleCodec> STEPS =
      Steps.of(
          "scale codec",
          plain(FloatScaleCodec.FLOAT16, "binary16, what weights have if nothing is said"),
          plain(FloatScaleCodec.BFLOAT16, "bfloat16"),
          plain(FloatScaleCodec.FLOAT32, "binary32, what activations have if nothing is said"),
          plain(
              E8m0ScaleCodec.FLOOR,
              "powers of two in 8 bits, as the OCP microscaling formats choose them"),
          plain(
              E8m0ScaleCodec.ROUNDED,
              "powers of two, one more from a mantissa of 1.75 on, as in compressed-tensors"),
          plain(E8m0ScaleCodec.CEIL, "powers of two, the next larger ones"),
          plain(E8m0ScaleCodec.NEAREST, "powers of two, the nearest ones"),
          plain(new Nvfp4ScaleCodec(), "FP8 relative to a scale of the matrix, as in NVFP4"),
          plain(new RowMultipleScaleCodec(), "8-bit multiples of a scale of the row (DGQ)"),
          plain(
              PowerOfTwoRowScaleCodec.UP,
              "powers of two times a scale of the row, rounded up (ZeroQuant-FP, M2)"),
          plain(
              PowerOfTwoRowScaleCodec.DOWN, "powers of two times a scale of the row, rounded down"),
          plain(
              PowerOfTwoRowScaleCodec.NEAREST,
              "powers of two times a scale of the row, the nearest"),
          SECOND_ORDER,
          plain(new UnitScaleCodec(), "no scales: the levels are the weights' own values"));

  private ScaleCodecs() {}

  private static Step<ScaleCodec, ScaleCodec> plain(ScaleCodec codec, String help) {
    return Step.word(codec.label(), help, codec);
  }
}
