// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.rule.AutoSmoothRule;
import io.github.quant4j.transform.rule.AwqRule;
import io.github.quant4j.transform.rule.CrossRule;
import io.github.quant4j.transform.rule.EqualizeRule;
import io.github.quant4j.transform.rule.HadamardRule;
import io.github.quant4j.transform.rule.KroneckerRule;
import io.github.quant4j.transform.rule.NoiseRule;
import io.github.quant4j.transform.rule.PercentileRule;
import io.github.quant4j.transform.rule.PermuteRule;
import io.github.quant4j.transform.rule.PrincipalAxesRule;
import io.github.quant4j.transform.rule.ShiftRule;
import io.github.quant4j.transform.rule.SmoothRule;
import io.github.quant4j.transform.rule.TransformRule;
import io.github.quant4j.wording.Suggestion;
import java.util.List;
import java.util.Optional;

/** The words for transforms. */
final class TransformWords {
  static final List<String> NAMES =
      List.of(
          "smooth",
          "outlier",
          "cross",
          "awq",
          "equalize",
          "shift",
          "noise",
          "permute",
          "hadamard",
          "pca",
          "kronecker");

  private TransformWords() {}

  static TransformRule parse(RecipeScanner scanner, RecipeScanner.Piece piece) {
    if (piece.text().isEmpty()) {
      throw scanner.error(piece, "a transform is missing before '|'; expected one of " + NAMES);
    }
    RecipeWord word = scanner.word(piece);
    try {
      return parse(word);
    } catch (RecipeException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw word.error(String.valueOf(e.getMessage()));
    }
  }

  private static TransformRule parse(RecipeWord word) {
    return switch (word.name()) {
      case "smooth" -> smooth(word);
      case "outlier" -> {
        double share = word.number(word.take("the share of outlier channels, such as 0.005,"));
        word.end();
        yield new PercentileRule(share);
      }
      case "cross" -> {
        double alpha = word.number(word.take("the exponent, such as 0.15,"));
        word.end();
        yield new CrossRule(alpha);
      }
      case "awq" -> {
        boolean duo = word.takeFlag("duo");
        int points = word.hasMore() ? word.count(word.take("points")) : 20;
        word.end("duo");
        yield new AwqRule(points, duo);
      }
      case "equalize" -> {
        word.end();
        yield new EqualizeRule();
      }
      case "shift" -> {
        word.end();
        yield new ShiftRule();
      }
      case "noise" -> noise(word);
      case "permute" -> {
        boolean weights = word.takeFlag("weights");
        word.end("weights");
        yield new PermuteRule(weights);
      }
      case "hadamard" -> hadamard(word);
      case "pca" -> {
        word.end();
        yield new PrincipalAxesRule();
      }
      case "kronecker" -> {
        boolean hadamard = word.takeFlag("hadamard");
        boolean axes = word.takeFlag("pca");
        word.end("hadamard", "pca");
        if (hadamard == axes) {
          throw word.error("expected kronecker(hadamard) or kronecker(pca)");
        }
        yield new KroneckerRule(axes);
      }
      default ->
          throw word.error(
              "transform '"
                  + word.name()
                  + "' is not known"
                  + Suggestion.of(word.name(), NAMES)
                  + "; expected one of "
                  + NAMES);
    };
  }

  private static TransformRule smooth(RecipeWord word) {
    boolean powers = word.takeFlag("po2");
    boolean auto = word.takeFlag("auto");
    if (auto) {
      word.end("auto", "po2");
      return new AutoSmoothRule(powers);
    }
    double alpha = word.number(word.take("an exponent from 0 to 1, or auto,"));
    word.end("auto", "po2");
    return new SmoothRule(alpha, powers);
  }

  private static TransformRule noise(RecipeWord word) {
    long seed = word.takeValue("seed").map(word::whole).orElse(0L);
    boolean auto = word.takeFlag("auto");
    double range =
        auto ? 0 : word.number(word.take("a range relative to the largest input, or auto,"));
    word.end("auto", "seed=<number>");
    if (!auto && range == 0) {
      throw word.error("a range of 0 adds no noise; expected above 0, or auto");
    }
    return new NoiseRule(range, seed);
  }

  private static TransformRule hadamard(RecipeWord word) {
    Optional<Integer> block = word.takeValue("block").map(word::count);
    Optional<Long> seed = word.takeValue("seed").map(word::whole);
    boolean online = word.takeFlag("online");
    boolean unsigned = word.takeFlag("unsigned");
    word.end("block=<channels>", "seed=<number>", "unsigned", "online");
    if (unsigned && seed.isPresent()) {
      throw word.error("unsigned has no random signs, so there is no seed");
    }
    return new HadamardRule(
        block.orElse(0), unsigned ? HadamardTransform.NO_SIGNS : seed.orElse(0L), online);
  }
}
