// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import java.util.Optional;

/** The roundings as steps of recipes. */
public final class Roundings {
  static final Step<GptqRounding, GptqRounding> GPTQ =
      Step.<GptqRounding>named(
              "gptq", "columns one after the other, each makes up for those before it (GPTQ, LDLQ)")
          .flag(
              "act-order",
              GptqRounding::activationOrder,
              "columns by descending power of their inputs")
          .flag(
              "current",
              GptqRounding::currentGroups,
              "scales of what earlier columns have left, not of the weights; with act-order groups"
                  + " are of columns in that order, which is stored")
          .key(
              "damp",
              Range.from(0, 1),
              GptqRounding.DEFAULT_DAMPING,
              GptqRounding::damping,
              "what is added to the diagonal, as a share of its mean")
          .withExponent()
          .key(
              "block",
              Range.whole(8, 4096),
              GptqRounding.DEFAULT_BLOCK,
              GptqRounding::block,
              "columns between matrix products")
          .make(
              values ->
                  new GptqRounding(
                      values.flag("act-order"),
                      values.flag("current"),
                      values.number("damp"),
                      values.count("block")));

  static final Step<CoordinateDescent, CoordinateDescent> DESCENT =
      Step.<CoordinateDescent>named(
              "cd", "every weight in turn to where the output error is least (QuantEase)")
          .required(
              "SWEEPS", Range.whole(1, 1000), CoordinateDescent::sweeps, "passes, such as cd(6)")
          .flag("plain", step -> !step.relaxed(), "without the relaxation of every third sweep")
          .flag(
              "act-order",
              CoordinateDescent::activationOrder,
              "columns by descending power of their inputs")
          .make(
              values ->
                  new CoordinateDescent(
                      values.count("SWEEPS"), !values.flag("plain"), values.flag("act-order")));

  static final Step<ScaleRefit, ScaleRefit> REFIT =
      Step.<ScaleRefit>named(
              "refit", "scales (levels of code books) fitted to the codes, in turn with cd")
          .required("ROUNDS", Range.whole(1, 100), ScaleRefit::rounds, "fits, such as refit(2)")
          .key(
              "sweeps",
              Range.whole(1, 1000),
              ScaleRefit.DEFAULT_SWEEPS,
              ScaleRefit::sweeps,
              "passes over all weights after each fit")
          .key(
              "damp",
              Range.from(0, 1),
              ScaleRefit.DEFAULT_DAMPING,
              ScaleRefit::damping,
              "what is added to the diagonal, as a share of its mean")
          .withExponent()
          .make(
              values ->
                  new ScaleRefit(
                      values.count("ROUNDS"), values.count("sweeps"), values.number("damp")));

  static final Step<AdaRound, AdaRound> ADAPTIVE =
      Step.<AdaRound>named("adaround", "up or down, learned on the output error (AdaRound)")
          .key(
              "iterations",
              Range.whole(1, 1_000_000),
              AdaRound.DEFAULT_ITERATIONS,
              AdaRound::iterations,
              "steps of Adam")
          .key("rate", Range.above(0, 1), AdaRound.DEFAULT_RATE, AdaRound::rate, "of learning")
          .withExponent()
          .key(
              "penalty",
              Range.above(0, 1_000_000),
              AdaRound.DEFAULT_PENALTY,
              AdaRound::penalty,
              "how strongly decisions are asked for")
          .withExponent()
          .make(
              values ->
                  new AdaRound(
                      values.count("iterations"), values.number("rate"), values.number("penalty")));

  static final Step<FlexRound, FlexRound> FLEXIBLE =
      Step.<FlexRound>named(
              "flexround", "divisors of weights and rows, learned on the output error (FlexRound)")
          .key(
              "iterations",
              Range.whole(1, 1_000_000),
              FlexRound.DEFAULT_ITERATIONS,
              FlexRound::iterations,
              "steps of Adam")
          .key("rate", Range.above(0, 1), FlexRound.DEFAULT_RATE, FlexRound::rate, "of learning")
          .withExponent()
          .make(values -> new FlexRound(values.count("iterations"), values.number("rate")));

  static final Step<SignRound, SignRound> SIGNED =
      Step.<SignRound>named(
              "signround",
              "offsets of weights and ends of ranges, learned on the output error by signed steps"
                  + " (SignRound, AutoRound)")
          .key(
              "iterations",
              Range.whole(1, 1_000_000),
              SignRound.DEFAULT_ITERATIONS,
              SignRound::iterations,
              "steps")
          .key(
              "rate",
              Range.above(0, 1),
              Roundings::ownRate,
              "of the first step, 1/iterations if not given")
          .withExponent()
          .make(
              values ->
                  values.has("rate")
                      ? new SignRound(values.count("iterations"), values.number("rate"))
                      : SignRound.of(values.count("iterations")));

  private static Optional<Double> ownRate(SignRound rounding) {
    boolean isDefault = rounding.rate() == SignRound.defaultRate(rounding.iterations());
    return isDefault ? Optional.empty() : Optional.of(rounding.rate());
  }

  static final Step<StochasticRounding, StochasticRounding> STOCHASTIC =
      Step.<StochasticRounding>named(
              "stochastic", "up or down by chance, so that the mean is the weight (Q-GaLore)")
          .optional(
              "SEED",
              Range.whole(-Integer.MAX_VALUE, Integer.MAX_VALUE),
              0,
              StochasticRounding::seed,
              "chooses the draws")
          .alwaysPrinted()
          .make(values -> new StochasticRounding(values.whole("SEED")));

  static final Step<NestedRounding, NestedRounding> NESTED =
      Step.<NestedRounding>named(
              "nested", "to wider integers first, which serve every narrower width (bit switching)")
          .required("BITS", Range.whole(3, 8), NestedRounding::bits, "of the wider integers")
          .make(values -> new NestedRounding(values.count("BITS")));

  /** All of them. */
  public static final Steps<Rounding> STEPS =
      Steps.of(
          "rounding",
          Step.<Rounding>word(
              "rtn", "to the nearest value; what holds if nothing is said", new NearestRounding()),
          GPTQ,
          DESCENT,
          REFIT,
          ADAPTIVE,
          FLEXIBLE,
          SIGNED,
          STOCHASTIC,
          NESTED);

  private Roundings() {}
}
