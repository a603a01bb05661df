// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;

/** The rules for ranges of activations as steps of recipes. */
public final class RangeRules {
  /** The step {@code percentile}. */
  public static final Step<RangeRule.Percentile, RangeRule.Percentile> PERCENTILE =
      Step.<RangeRule.Percentile>named(
              "percentile", "a share of the magnitudes is within range (QDrop)")
          .required(
              "PERCENT",
              Range.above(50, 100),
              RangeRule.Percentile::percent,
              "the share, such as 99.9")
          .make(values -> new RangeRule.Percentile(values.number("PERCENT")));

  /** The step {@code clip}. */
  public static final Step<RangeRule.Clip, RangeRule.Clip> CLIP =
      Step.<RangeRule.Clip>named(
              "clip", "a part of the range, for tokens and groups as well (QuaRot, FlatQuant)")
          .required("RATIO", Range.above(0, 1), RangeRule.Clip::ratio, "the part, such as 0.9")
          .make(values -> new RangeRule.Clip(values.number("RATIO")));

  /** The step {@code output}. */
  public static final Step<RangeRule.OutputError, RangeRule.OutputError> OUTPUT =
      Step.<RangeRule.OutputError>named(
              "output",
              "the range with the least error of the output, in turn with the scales of rows of"
                  + " the weights (LLM-FP4)")
          .optional(
              "ROUNDS", Range.whole(1, 100), 3, RangeRule.OutputError::rounds, "how often both")
          .make(values -> new RangeRule.OutputError(values.count("ROUNDS")));

  /** The rules as steps of recipes. */
  public static final Steps<RangeRule> STEPS =
      Steps.of(
          "range rule",
          Step.<RangeRule>word("minmax", "all that calibration has seen", new RangeRule.MinMax()),
          Step.<RangeRule>word(
              "mse",
              "the range that rounds a sample with the least error",
              new RangeRule.MeanSquaredError()),
          PERCENTILE,
          CLIP,
          OUTPUT);

  private RangeRules() {}
}
