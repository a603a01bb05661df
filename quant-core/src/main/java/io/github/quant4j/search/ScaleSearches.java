// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;

/** The searches for scales as steps of recipes. */
public final class ScaleSearches {
  static final Step<MeanSquaredErrorSearch, MeanSquaredErrorSearch> MEAN_SQUARED_ERROR =
      Step.<MeanSquaredErrorSearch>named("mse", "the range with the least error of the weights")
          .optional(
              "EXPONENT",
              Range.above(0, 100),
              MeanSquaredErrorSearch.DEFAULT_EXPONENT,
              MeanSquaredErrorSearch::exponent,
              "power of the error that is summed")
          .withExponent()
          .key(
              "steps",
              Range.whole(1, 10_000),
              MeanSquaredErrorSearch.DEFAULT_STEPS,
              MeanSquaredErrorSearch::steps,
              "candidates")
          .key(
              "shrink",
              Range.from(0, 1),
              MeanSquaredErrorSearch.DEFAULT_SHRINK,
              MeanSquaredErrorSearch::shrink,
              "by how much the range shrinks at most")
          .withExponent()
          .make(
              values ->
                  new MeanSquaredErrorSearch(
                      values.number("EXPONENT"), values.count("steps"), values.number("shrink")));

  static final Step<ClipSearch, ClipSearch> CLIP =
      Step.<ClipSearch>named("clip", "the range with the least error of the output (AWQ)")
          .flag("asym", ClipSearch::asymmetric, "both ends by themselves")
          .flag("diag", ClipSearch::diagonal, "by the power of single inputs only")
          .key(
              "steps",
              Range.whole(1, 1000),
              ClipSearch.DEFAULT_STEPS,
              ClipSearch::steps,
              "candidates")
          .key(
              "shrink",
              Range.from(0, 1),
              ClipSearch.DEFAULT_SHRINK,
              ClipSearch::shrink,
              "by how much the range shrinks at most")
          .withExponent()
          .make(
              values ->
                  new ClipSearch(
                      values.flag("diag"),
                      values.flag("asym"),
                      values.count("steps"),
                      values.number("shrink")));

  static final Step<PercentileSearch, PercentileSearch> PERCENTILE =
      Step.<PercentileSearch>named("percentile", "the largest magnitudes clip")
          .required(
              "PERCENT",
              Range.from(50, 100),
              PercentileSearch::percentile,
              "the share of the weights within range, such as 99.9")
          .withExponent()
          .make(values -> new PercentileSearch(values.number("PERCENT")));

  static final Step<MagnitudeSearch, MagnitudeSearch> MEAN =
      magnitude("absmean", "the largest level at a multiple of the mean magnitude (BitNet, OFQ)");

  static final Step<MagnitudeSearch, MagnitudeSearch> MEDIAN =
      magnitude("absmedian", "the largest level at a multiple of the median magnitude (BitNet)");

  private static Step<MagnitudeSearch, MagnitudeSearch> magnitude(String name, String help) {
    boolean isMedian = name.endsWith("median");
    return Step.<MagnitudeSearch>named(name, help)
        .optional("FACTOR", Range.above(0, 1000), 1, MagnitudeSearch::factor, "the multiple")
        .withExponent()
        .make(values -> new MagnitudeSearch(isMedian, values.number("FACTOR")));
  }

  /** All of them. */
  public static final Steps<ScaleSearch> STEPS =
      Steps.of(
          "search",
          Step.<ScaleSearch>word(
              "minmax", "nothing clips; what holds if nothing is said", new MinMaxSearch()),
          MEAN_SQUARED_ERROR,
          CLIP,
          Step.<ScaleSearch>word(
              "gaussian",
              "what is best for normally distributed weights (QuEST)",
              new GaussianSearch()),
          PERCENTILE,
          MEAN,
          MEDIAN);

  private ScaleSearches() {}
}
