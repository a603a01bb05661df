// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;

/** The rules for static ranges as steps of recipes. */
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

  /** The rules as steps of recipes. */
  public static final Steps<RangeRule> STEPS =
      Steps.of(
          "range rule",
          Step.<RangeRule>word("minmax", "all that calibration has seen", new RangeRule.MinMax()),
          Step.<RangeRule>word(
              "mse",
              "the range that rounds a sample with the least error",
              new RangeRule.MeanSquaredError()),
          PERCENTILE);

  private RangeRules() {}
}
