// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.decompose.ChoiceSpec;
import io.github.quant4j.decompose.ColumnsSpec;
import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.DenseSpec;
import io.github.quant4j.decompose.PlanesSpec;
import io.github.quant4j.decompose.QuantizedSpec;
import io.github.quant4j.decompose.SplitSpec;
import io.github.quant4j.decompose.TermSpec;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.RangeRule;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.transform.rule.TransformRule;
import io.github.quant4j.wording.Suggestion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the text of one recipe. */
final class RecipeParser {
  private static final String PLANES = "ternary2:";

  /** The setting of RSQ's authors. */
  private static final double RSQ_WEIGHT = 3;

  private final RecipeScanner scanner;
  private final List<TransformRule> transforms = new ArrayList<>();
  private final List<TermSpec> terms = new ArrayList<>();
  private @Nullable TermSpec main;
  private @Nullable Activations activations;
  private int loops = 1;
  private boolean biasCorrection;
  private double attentionWeight = Recipe.ALL_ALIKE;

  private RecipeParser(String text) {
    this.scanner = new RecipeScanner(text);
  }

  static Recipe parse(String text) {
    return new RecipeParser(text).parse();
  }

  private Recipe parse() {
    List<RecipeScanner.Segment> segments = scanner.segments();
    int weights = 0;
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).mark() == '|') {
        weights = i;
      }
    }
    for (int i = 0; i < segments.size(); i++) {
      RecipeScanner.Segment segment = segments.get(i);
      if (i < weights) {
        requireTransformMark(segment);
        if (i == 0 && isTokenWeight(segment.piece())) {
          attentionWeight = attentionWeight(scanner.word(segment.piece()));
        } else {
          transforms.add(TransformWords.parse(scanner, segment.piece()));
        }
      } else if (i == weights) {
        main = weights(segment.piece());
      } else if (segment.mark() == '@') {
        activations(segment.piece(), i == weights + 1);
      } else {
        compensation(segment.piece());
      }
    }
    if (main == null) {
      throw new IllegalStateException("a recipe has at least one segment");
    }
    terms.addFirst(main);
    return new Recipe(
        transforms,
        new Decomposition(terms, loops),
        Optional.ofNullable(activations),
        biasCorrection,
        attentionWeight);
  }

  private static boolean isTokenWeight(RecipeScanner.Piece piece) {
    return piece.text().replaceFirst("\\(.*", "").equals(Recipe.TOKENS);
  }

  private static double attentionWeight(RecipeWord word) {
    if (!word.takeFlag(Recipe.ATTENTION)) {
      throw word.error("expected tokens(attention) or tokens(attention,3)");
    }
    double weight = word.hasMore() ? word.number(word.take("the weight")) : RSQ_WEIGHT;
    word.end(Recipe.ATTENTION);
    if (!(weight > 1 && weight <= Float.MAX_VALUE)) {
      throw word.error(
          "the token that receives most attention must count more than 1, found " + weight);
    }
    return weight;
  }

  private void requireTransformMark(RecipeScanner.Segment segment) {
    if (segment.mark() == '@' || segment.mark() == '+') {
      throw scanner.error(
          new RecipeScanner.Piece(String.valueOf(segment.mark()), segment.piece().position()),
          "'"
              + segment.mark()
              + "' before the last '|'; transforms come first, then weights, activations after '@'"
              + " and compensations after '+'");
    }
  }

  private TermSpec weights(RecipeScanner.Piece piece) {
    if (piece.text().isEmpty()) {
      throw scanner.error(
          piece, "the weights are missing; expected a scheme such as int4:g128:sym");
    }
    List<RecipeScanner.Piece> words = scanner.split(piece, ' ');
    RecipeScanner.Piece first = words.getFirst();
    for (DType dtype : new DType[] {DType.F16, DType.BF16, DType.F32}) {
      if (first.text().equals(dtype.label().toLowerCase(Locale.ROOT))) {
        requireNothingAfter(words, 1);
        return new DenseSpec(dtype);
      }
    }
    if (first.text().startsWith(PLANES)) {
      return planes(words);
    }
    RecipeScanner.Piece last = words.getLast();
    String name = last.text().replaceFirst("\\(.*", "");
    if (words.size() == 1 && TransformWords.NAMES.contains(name)) {
      throw scanner.error(
          piece, "'" + piece.text() + "' is a transform; the weights are missing after it and '|'");
    }
    List<RecipeScanner.Piece> choices = choices(words);
    return choices.size() == 1
        ? new QuantizedSpec(quantizer(piece), false)
        : new ChoiceSpec(choices.stream().map(this::quantizer).toList());
  }

  /** The stretches of words between the word "or". */
  private List<RecipeScanner.Piece> choices(List<RecipeScanner.Piece> words) {
    List<RecipeScanner.Piece> choices = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= words.size(); i++) {
      if (i < words.size() && !words.get(i).text().equals("or")) {
        continue;
      }
      if (i == start) {
        throw scanner.error(
            words.get(Math.min(i, words.size() - 1)),
            "'or' stands between two schemes, such as int4:g64 or int4:column(64)");
      }
      choices.add(scanner.stretch(words.get(start), words.get(i - 1)));
      start = i + 1;
    }
    return choices;
  }

  private void requireNothingAfter(List<RecipeScanner.Piece> words, int count) {
    if (words.size() > count) {
      RecipeScanner.Piece extra = words.get(count);
      throw scanner.error(
          extra,
          "nothing may follow '" + words.get(count - 1).text() + "', found '" + extra.text() + "'");
    }
  }

  private PlanesSpec planes(List<RecipeScanner.Piece> words) {
    requireNothingAfter(words, 2);
    RecipeScanner.Piece first = words.getFirst();
    try {
      QuantScheme scheme = QuantScheme.parse("ternary:" + first.text().substring(PLANES.length()));
      int iterations = PlanesSpec.USUAL_ITERATIONS;
      boolean weighted = false;
      if (words.size() > 1) {
        RecipeWord word = scanner.word(words.get(1));
        if (!word.name().equals("ptqtp")) {
          throw word.error("expected ptqtp, which fits two ternary planes");
        }
        weighted = word.takeFlag("weighted");
        iterations = word.hasMore() ? word.count(word.take("iterations")) : iterations;
        word.end("weighted");
      }
      return new PlanesSpec(scheme, iterations, weighted);
    } catch (RecipeException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw scanner.error(first, String.valueOf(e.getMessage()));
    }
  }

  private Quantizer quantizer(RecipeScanner.Piece piece) {
    try {
      return Quantizer.of(piece.text());
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      throw scanner.error(Culprits.find(scanner, piece, message), message);
    }
  }

  private void activations(RecipeScanner.Piece piece, boolean isInPlace) {
    if (!isInPlace) {
      throw scanner.error(
          piece, "'@ " + piece.text() + "' must follow the weights, before any compensation");
    }
    if (piece.text().isEmpty()) {
      throw scanner.error(
          piece, "the activations are missing after '@'; expected for example int8:token");
    }
    List<RecipeScanner.Piece> words = scanner.split(piece, ' ');
    requireNothingAfter(words, 2);
    try {
      ActivationScheme scheme = ActivationScheme.parse(words.getFirst().text());
      RangeRule range = words.size() > 1 ? range(words.get(1)) : RangeRule.minMax();
      activations = new Activations(scheme, range);
    } catch (RecipeException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      throw scanner.error(Culprits.find(scanner, piece, message), message);
    }
  }

  private RangeRule range(RecipeScanner.Piece piece) {
    RecipeWord word = scanner.word(piece);
    RangeRule rule =
        switch (word.name()) {
          case "minmax" -> RangeRule.minMax();
          case "mse" -> new RangeRule.MeanSquaredError();
          case "percentile" ->
              new RangeRule.Percentile(word.number(word.take("a percentage, such as 99.9,")));
          default ->
              throw word.error(
                  "range rule is not known"
                      + Suggestion.of(word.name(), List.of("minmax", "mse", "percentile"))
                      + "; expected minmax, percentile(P) or mse");
        };
    word.end();
    return rule;
  }

  private void compensation(RecipeScanner.Piece piece) {
    if (piece.text().isEmpty()) {
      throw scanner.error(
          piece, "a compensation is missing after '+'; expected one of " + TermWords.NAMES);
    }
    RecipeWord word = scanner.word(piece);
    try {
      compensation(word);
    } catch (RecipeException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw word.error(String.valueOf(e.getMessage()));
    }
  }

  private void compensation(RecipeWord word) {
    switch (word.name()) {
      case "sparse" -> terms.add(TermWords.sparse(word));
      case "lowrank" -> terms.add(TermWords.lowRank(word));
      case "plane" -> {
        RecipeScanner.Piece inner = word.take("a quantizer, such as int2:g64:sym,");
        word.end();
        terms.add(new QuantizedSpec(quantizer(inner), true));
      }
      case "split" -> {
        int parts = word.hasMore() ? word.count(word.take("parts")) : 3;
        word.end();
        main = new SplitSpec(plainMain(word), parts);
      }
      case "columns" -> {
        double share = word.number(word.take("a share of the columns, such as 0.05,"));
        Optional<Quantizer> wide =
            word.hasMore() ? Optional.of(quantizer(word.take("a quantizer"))) : Optional.empty();
        word.end();
        main = new ColumnsSpec(plainMain(word), share, wide);
      }
      case "loop" -> {
        if (loops > 1) {
          throw word.error("there is a loop count already");
        }
        loops = word.count(word.take("the number of passes, such as 5,"));
        word.end();
        if (loops < 1 || loops > 1000) {
          throw word.error("expected 1 to 1000 passes");
        }
      }
      case "bias" -> {
        word.end();
        biasCorrection = true;
      }
      default ->
          throw word.error(
              "compensation '"
                  + word.name()
                  + "' is not known"
                  + Suggestion.of(word.name(), TermWords.NAMES)
                  + "; expected one of "
                  + TermWords.NAMES);
    }
  }

  private Quantizer plainMain(RecipeWord word) {
    if (main instanceof QuantizedSpec(var quantizer, var _)) {
      return quantizer;
    }
    throw word.error("needs one quantized matrix as weights, and only one split of it");
  }
}
