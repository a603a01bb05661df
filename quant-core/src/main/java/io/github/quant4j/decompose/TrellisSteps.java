// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import io.github.quant4j.rounding.TrellisFit;

/** Trellis-coded weights of 2, 3 and 4 bits as steps of recipes, in place of a quantizer. */
public final class TrellisSteps {
  private static final Step<TrellisSpec, TrellisSpec> TWO = step(2);
  private static final Step<TrellisSpec, TrellisSpec> THREE = step(3);
  private static final Step<TrellisSpec, TrellisSpec> FOUR = step(4);

  /** All of them. */
  public static final Steps<TrellisSpec> STEPS =
      Steps.of("trellis-coded weights", TWO, THREE, FOUR);

  private TrellisSteps() {}

  static Step<TrellisSpec, TrellisSpec> of(int bits) {
    return switch (bits) {
      case 2 -> TWO;
      case 3 -> THREE;
      default -> FOUR;
    };
  }

  private static Step<TrellisSpec, TrellisSpec> step(int bits) {
    return Step.<TrellisSpec>named(
            "trellis" + bits,
            bits + " bits that say where a trellis goes, a scale for each row (QTIP)")
        .optional(
            "WINDOW",
            Range.whole(2L * bits, TrellisCode.MOST_WINDOW),
            TrellisSpec.DEFAULT_WINDOW,
            TrellisSpec::window,
            "bits that a weight depends on, 8, 10 or 12: more are closer, and take longer to fit")
        .key(
            "planes",
            Range.whole(1, TrellisCode.MOST_PLANES),
            TrellisSpec.defaultPlanes(bits),
            TrellisSpec::planes,
            bits == 2
                ? "signs that a weight is the sum of: 3 of them are served faster"
                : "signs that a weight is the sum of")
        .key(
            "cd",
            Range.whole(0, TrellisFit.MOST_ROUNDS),
            TrellisSpec.DEFAULT_SWEEPS,
            TrellisSpec::sweeps,
            "sweeps of coordinate descent over the columns")
        .key(
            "damp",
            Range.from(0, 1),
            TrellisSpec.DEFAULT_DAMPING,
            TrellisSpec::damping,
            "what is added to the diagonal, as a share of its mean")
        .withExponent()
        .flag("plain", TrellisSpec::isPlain, "as near to the weights as possible, uncalibrated")
        .make(
            values ->
                new TrellisSpec(
                    bits,
                    values.count("WINDOW"),
                    values.count("planes"),
                    values.number("damp"),
                    values.count("cd"),
                    values.flag("plain")));
  }
}
