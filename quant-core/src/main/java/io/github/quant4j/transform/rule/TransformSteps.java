// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import io.github.quant4j.transform.HadamardTransform;
import java.util.List;
import java.util.Optional;

/** The rules for transforms as steps of recipes. */
public final class TransformSteps {
  private static final String AUTO = "auto";
  private static final Range SHARE = Range.from(0, 1);

  static final Step<TransformRule, TransformRule> SMOOTH =
      Step.<TransformRule>named("smooth", "large inputs moved into the weights (SmoothQuant)")
          .requiredOr(
              "ALPHA",
              AUTO,
              SHARE,
              rule -> rule instanceof SmoothRule smooth ? (Object) smooth.alpha() : AUTO,
              "how much of the difficulty moves, or what gives the least output error"
                  + " (SmoothQuant+)")
          .flag(
              "po2",
              rule ->
                  switch (rule) {
                    case SmoothRule smooth -> smooth.powersOfTwo();
                    case AutoSmoothRule smooth -> smooth.powersOfTwo();
                    default -> false;
                  },
              "scales are powers of two (LLM-FP4)")
          .make(
              values ->
                  values.is("ALPHA", AUTO)
                      ? new AutoSmoothRule(values.flag("po2"))
                      : new SmoothRule(values.number("ALPHA"), values.flag("po2")));

  static final Step<PercentileRule, PercentileRule> OUTLIER =
      Step.<PercentileRule>named("outlier", "outlier channels scaled down, no others (DGQ)")
          .required("SHARE", SHARE, PercentileRule::share, "of the channels, such as 0.005")
          .make(values -> new PercentileRule(values.number("SHARE")));

  static final Step<CrossRule, CrossRule> CROSS =
      Step.<CrossRule>named("cross", "scales of tokens times scales of channels (CrossQuant)")
          .required("ALPHA", SHARE, CrossRule::alpha, "the token's part, such as 0.15")
          .make(values -> new CrossRule(values.number("ALPHA")));

  static final Step<AwqRule, AwqRule> AWQ =
      Step.<AwqRule>named("awq", "important channels scaled up, by output error (AWQ)")
          .optional("POINTS", Range.whole(1, 1000), 20, AwqRule::points, "candidates")
          .flag("duo", AwqRule::bothSides, "weights take part in the scale")
          .make(values -> new AwqRule(values.count("POINTS"), values.flag("duo")));

  static final Step<NoiseRule, NoiseRule> NOISE =
      Step.<NoiseRule>named("noise", "a fixed random constant for each channel (NoisyQuant)")
          .requiredOr(
              "RANGE",
              AUTO,
              Range.above(0, 1),
              rule -> rule.range() == 0 ? (Object) AUTO : rule.range(),
              "the largest constant as a share of the largest input, or what gives the least"
                  + " output error")
          .key("seed", Range.seed(), 0, NoiseRule::seed, "chooses the constants")
          .make(
              values ->
                  new NoiseRule(
                      values.is("RANGE", AUTO) ? 0 : values.number("RANGE"), values.whole("seed")));

  static final Step<PermuteRule, PermuteRule> PERMUTE =
      Step.<PermuteRule>named("permute", "channels sorted by magnitude (Atom, COMET)")
          .flag("weights", PermuteRule::byWeights, "by the weights, not by the inputs")
          .make(values -> new PermuteRule(values.flag("weights")));

  static final Step<HadamardRule, HadamardRule> HADAMARD =
      Step.<HadamardRule>named(
              "hadamard", "a Hadamard rotation with random signs (QuaRot: R1, R2 and R4)")
          .key(
              "block",
              Range.wholeFrom(2),
              rule -> rule.block() == 0 ? Optional.empty() : Optional.of(rule.block()),
              "channels that are rotated together; all that the width allows if not given")
          .key(
              "seed",
              Range.seed(),
              rule -> rule.seed() <= 0 ? Optional.empty() : Optional.of(rule.seed()),
              "of the signs; 0 if not given")
          .flag("unsigned", rule -> rule.seed() == HadamardTransform.NO_SIGNS, "without signs")
          .flag("online", HadamardRule::online, "runs with the model even where it could be folded")
          .flag(
              "folded",
              HadamardRule::folded,
              "nothing that cannot be folded is rotated (R1 and R2 without R4)")
          .make(
              values -> {
                if (values.flag("unsigned") && values.has("seed")) {
                  throw values.step().error("unsigned has no random signs, so there is no seed");
                }
                if (values.flag("online") && values.flag("folded")) {
                  throw values.step().error("online runs everywhere and folded nowhere");
                }
                long seed = values.has("seed") ? values.whole("seed") : 0;
                return new HadamardRule(
                    values.has("block") ? values.count("block") : 0,
                    values.flag("unsigned") ? HadamardTransform.NO_SIGNS : seed,
                    values.flag("online"),
                    values.flag("folded"));
              });

  static final Step<KroneckerRule, KroneckerRule> KRONECKER =
      Step.<KroneckerRule>named("kronecker", "a product of two small rotations (FlatQuant)")
          .requiredChoice(
              "kind",
              List.of("hadamard", "pca"),
              rule -> rule.principalAxes() ? "pca" : "hadamard",
              "Hadamard matrices, or the principal axes of the inputs")
          .make(values -> new KroneckerRule(values.is("kind", "pca")));

  /** All of them. */
  public static final Steps<TransformRule> STEPS =
      Steps.of(
          "transform",
          SMOOTH,
          AWQ,
          Step.<TransformRule>word(
              "equalize",
              "ranges of a layer and the one before made equal (cross-layer equalization)",
              new EqualizeRule()),
          Step.<TransformRule>word(
              "shift",
              "the middle of each channel taken off (Outlier Suppression+)",
              new ShiftRule()),
          NOISE,
          OUTLIER,
          CROSS,
          PERMUTE,
          HADAMARD,
          Step.<TransformRule>word(
              "pca",
              "a rotation to the principal axes of the inputs (KLT)",
              new PrincipalAxesRule()),
          KRONECKER);

  private TransformSteps() {}
}
