// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.decompose.ChoiceSpec;
import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.DenseSpec;
import io.github.quant4j.decompose.PairsSpec;
import io.github.quant4j.decompose.PlanesSpec;
import io.github.quant4j.decompose.QuantizedSpec;
import io.github.quant4j.decompose.TermSpec;
import io.github.quant4j.decompose.TermSteps;
import io.github.quant4j.decompose.TrellisSteps;
import io.github.quant4j.decompose.VectorSteps;
import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.OutlierPairs;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.Granularities;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.SchemeText;
import io.github.quant4j.search.RangeRule;
import io.github.quant4j.search.RangeRules;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.transform.rule.TransformRule;
import io.github.quant4j.transform.rule.TransformSteps;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the text of one recipe. */
final class RecipeParser {
  /** How much the tokens of calibration count: the weight of the one with most attention. */
  static final Step<Double, Double> TOKENS =
      Step.<Double>named("tokens", "tokens count by the attention that they receive (RSQ)")
          .requiredChoice("measure", List.of("attention"), _ -> "attention", "what it goes by")
          .optional(
              "WEIGHT",
              Range.above(Recipe.ALL_ALIKE, Float.MAX_VALUE),
              3,
              weight -> weight,
              "of the token that receives most, against the one that receives least")
          .alwaysPrinted()
          .make(values -> values.number("WEIGHT"));

  static final String PLANES = "ternary2";
  static final String PAIRS = "olive4";

  private static final Steps<Function<QuantScheme, PlanesSpec>> PLANE_STEPS =
      Steps.of("fit of ternary planes", TermSteps.PLANES);

  private final Phrase recipe;
  private final List<TransformRule> transforms = new ArrayList<>();
  private final List<TermSpec> terms = new ArrayList<>();
  private @Nullable TermSpec main;
  private @Nullable Activations activations;
  private int loops = 1;
  private boolean biasCorrection;
  private double attentionWeight = Recipe.ALL_ALIKE;
  private @Nullable Retarget retarget;

  private RecipeParser(Phrase recipe) {
    this.recipe = recipe;
  }

  static Recipe parse(String text) {
    try {
      return new RecipeParser(Phrase.of("recipe", text)).parse();
    } catch (SyntaxException e) {
      throw new RecipeException(e);
    }
  }

  private Recipe parse() {
    List<Phrase> segments = recipe.split("|@+");
    int weights = 0;
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).mark() == '|') {
        weights = i;
      }
    }
    for (int i = 0; i < segments.size(); i++) {
      Phrase segment = segments.get(i);
      if (i < weights) {
        requireTransformMark(segment);
        if (i == 0 && TOKENS.isMeantBy(segment)) {
          attentionWeight = TOKENS.read(segment);
        } else if (retarget == null && transforms.isEmpty() && Retarget.STEP.isMeantBy(segment)) {
          retarget = Retarget.STEP.read(segment);
        } else {
          transforms.add(TransformSteps.STEPS.read(segment));
        }
      } else if (i == weights) {
        main = weights(segment);
      } else if (segment.mark() == '@') {
        activations(segment, i == weights + 1);
      } else {
        compensation(segment);
      }
    }
    if (main == null) {
      throw new IllegalStateException("a recipe has at least one segment");
    }
    terms.addFirst(main);
    try {
      return new Recipe(
          transforms,
          new Decomposition(terms, loops),
          Optional.ofNullable(activations),
          biasCorrection,
          attentionWeight,
          Optional.ofNullable(retarget));
    } catch (IllegalArgumentException e) {
      throw recipe.error(e);
    }
  }

  private static void requireTransformMark(Phrase segment) {
    char mark = segment.mark();
    if (mark == '@' || mark == '+') {
      throw segment.error(
          "'"
              + mark
              + "' before the last '|'; transforms come first, then weights, activations after '@'"
              + " and compensations after '+'");
    }
  }

  private static TermSpec weights(Phrase phrase) {
    List<Phrase> words = phrase.words();
    if (words.isEmpty()) {
      throw phrase.error("the weights are missing; expected a scheme such as int4:g128:sym");
    }
    Phrase first = words.getFirst();
    for (DType dtype : List.of(DType.F16, DType.BF16, DType.F32)) {
      if (first.is(dtype.label().toLowerCase(Locale.ROOT))) {
        requireNothingAfter(words, 1);
        return new DenseSpec(dtype);
      }
    }
    if (first.split(":").getFirst().is(PLANES)) {
      return planes(words);
    }
    if (first.split(":").getFirst().is(PAIRS)) {
      return pairs(words);
    }
    if (TrellisSteps.STEPS.find(first).isPresent()) {
      requireNothingAfter(words, 1);
      return TrellisSteps.STEPS.read(first);
    }
    if (VectorSteps.STEPS.find(first).isPresent()) {
      requireNothingAfter(words, 1);
      return VectorSteps.STEPS.read(first);
    }
    if (words.size() == 1 && TransformSteps.STEPS.find(first).isPresent()) {
      throw phrase.error(
          phrase.quoted() + " is a transform; the weights are missing after it and '|'");
    }
    List<Quantizer> choices = choices(words).stream().map(Quantizer::of).toList();
    try {
      return choices.size() == 1
          ? new QuantizedSpec(choices.getFirst(), false)
          : new ChoiceSpec(choices);
    } catch (IllegalArgumentException e) {
      throw phrase.error(e);
    }
  }

  /** The stretches of words between the word "or". */
  private static List<Phrase> choices(List<Phrase> words) {
    List<Phrase> choices = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= words.size(); i++) {
      if (i < words.size() && !words.get(i).is("or")) {
        continue;
      }
      if (i == start) {
        throw words
            .get(Math.min(i, words.size() - 1))
            .error("'or' stands between two schemes, such as int4:g64 or int4:column(64)");
      }
      choices.add(words.get(start).to(words.get(i - 1)));
      start = i + 1;
    }
    return choices;
  }

  private static void requireNothingAfter(List<Phrase> words, int count) {
    if (words.size() > count) {
      Phrase extra = words.get(count);
      throw extra.error(
          "nothing may follow " + words.get(count - 1).quoted() + ", found " + extra.quoted());
    }
  }

  private static PlanesSpec planes(List<Phrase> words) {
    requireNothingAfter(words, 2);
    Phrase first = words.getFirst();
    SchemeText text = SchemeText.read(first, List.of());
    Function<QuantScheme, PlanesSpec> fit =
        words.size() > 1
            ? PLANE_STEPS.read(words.get(1))
            : scheme -> new PlanesSpec(scheme, PlanesSpec.DEFAULT_ITERATIONS, false);
    try {
      return fit.apply(
          new QuantScheme(
              new FormatChoice.Fixed(Codebook.TERNARY),
              Granularities.STEPS.read(text.granularity()),
              text.isSymmetric(),
              text.codec(FloatScaleCodec.FLOAT16)));
    } catch (IllegalArgumentException e) {
      throw first.error(e);
    }
  }

  private static PairsSpec pairs(List<Phrase> words) {
    requireNothingAfter(words, 1);
    Phrase first = words.getFirst();
    SchemeText text = SchemeText.read(first, List.of());
    try {
      return new PairsSpec(
          new QuantScheme(
              new IntegerFormat(OutlierPairs.BITS),
              Granularities.STEPS.read(text.granularity()),
              text.isSymmetric(),
              text.codec(FloatScaleCodec.FLOAT16)));
    } catch (IllegalArgumentException e) {
      throw first.error(e);
    }
  }

  private void activations(Phrase phrase, boolean isInPlace) {
    if (!isInPlace) {
      throw phrase.error("activations must follow the weights, before any compensation");
    }
    List<Phrase> words = phrase.words();
    if (words.isEmpty()) {
      throw phrase.error("the activations are missing after '@'; expected for example int8:token");
    }
    requireNothingAfter(words, 2);
    List<ActivationScheme> schemes = ActivationScheme.parseCandidates(words.getFirst());
    RangeRule range = words.size() > 1 ? RangeRules.STEPS.read(words.get(1)) : RangeRule.minMax();
    try {
      activations = new Activations(schemes, range);
    } catch (IllegalArgumentException e) {
      throw phrase.error(e);
    }
  }

  private void compensation(Phrase phrase) {
    switch (Compensation.Words.STEPS.read(phrase)) {
      case Compensation.Beside(var term) -> terms.add(term);
      case Compensation.InPlace(var term) -> {
        if (!(main instanceof QuantizedSpec(var quantizer, var _))) {
          throw phrase.error(
              phrase.quoted() + " needs one quantized matrix as weights, and only one split of it");
        }
        try {
          main = term.apply(quantizer);
        } catch (IllegalArgumentException e) {
          throw phrase.error(e);
        }
      }
      case Compensation.Loop(int passes) -> {
        if (loops > 1) {
          throw phrase.error(phrase.quoted() + ": there is a loop count already");
        }
        loops = passes;
      }
      case Compensation.Bias() -> biasCorrection = true;
    }
  }
}
