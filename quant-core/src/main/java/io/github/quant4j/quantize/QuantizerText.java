// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import io.github.quant4j.rounding.AdaRound;
import io.github.quant4j.rounding.CoordinateDescent;
import io.github.quant4j.rounding.FlexRound;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.rounding.Rounding;
import io.github.quant4j.rounding.StochasticRounding;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.ClipSearch;
import io.github.quant4j.search.GaussianSearch;
import io.github.quant4j.search.MeanSquaredErrorSearch;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.PercentileSearch;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.wording.Suggestion;
import io.github.quant4j.wording.Word;
import java.util.ArrayList;
import java.util.List;

/**
 * The text form of quantizers: {@code scheme [search] [rounding{>rounding}]}.
 *
 * <p>Searches are {@code minmax} (the default), {@code mse[(exponent,steps=,shrink=)]}, {@code
 * clip[(asym,diag,steps=,shrink=)]}, {@code gaussian} and {@code percentile(p)}. Roundings are
 * {@code rtn} (the default), {@code gptq[(act-order,current,damp=,block=)]}, {@code
 * cd(sweeps[,plain,act-order])}, {@code adaround[(iterations=,rate=,penalty=)]}, {@code
 * flexround[(iterations=,rate=)]} and {@code stochastic[(seed)]}.
 */
final class QuantizerText {
  private static final List<String> SEARCHES =
      List.of("minmax", "mse", "clip", "gaussian", "percentile");
  private static final List<String> ROUNDINGS =
      List.of("rtn", "gptq", "cd", "adaround", "flexround", "stochastic");

  private QuantizerText() {}

  static Quantizer parse(String text) {
    List<String> words =
        Word.split(text.trim(), ' ').stream().filter(word -> !word.isEmpty()).toList();
    if (words.isEmpty()) {
      throw new IllegalArgumentException(
          "quantizer: empty, expected scheme [search] [rounding{>rounding}], such as"
              + " int4:g64:asym clip gptq(act-order)>cd(6)");
    }
    QuantScheme scheme = QuantScheme.parse(words.getFirst());
    ScaleSearch search = new MinMaxSearch();
    List<Rounding> roundings = List.of(new NearestRounding());
    int next = 1;
    if (next < words.size() && isSearch(words.get(next))) {
      search = search(Word.parse(words.get(next)));
      next++;
    }
    if (next < words.size()) {
      roundings = roundings(words.get(next), next == 1);
      next++;
    }
    if (next < words.size()) {
      throw new IllegalArgumentException(
          "quantizer: '"
              + text
              + "': nothing may follow '"
              + words.get(next - 1)
              + "', found '"
              + words.get(next)
              + "'"
              + (isSearch(words.get(next)) ? "; a search stands before the rounding" : ""));
    }
    return Quantizer.of(scheme, search, roundings);
  }

  private static boolean isSearch(String word) {
    int parenthesis = word.indexOf('(');
    return SEARCHES.contains(parenthesis < 0 ? word : word.substring(0, parenthesis));
  }

  private static ScaleSearch search(Word word) {
    return switch (word.name()) {
      case "mse" -> meanSquaredError(word);
      case "clip" -> {
        word.requireOptions(List.of("asym", "diag"), List.of("steps", "shrink"));
        ClipSearch usual = ClipSearch.defaults();
        yield new ClipSearch(
            word.has("diag"),
            word.has("asym"),
            word.integerOf("steps").orElse(usual.steps()),
            word.numberOf("shrink").orElse(usual.shrink()));
      }
      case "gaussian" -> {
        word.requireArguments(0, 0);
        yield new GaussianSearch();
      }
      case "percentile" -> {
        word.requireArguments(1, 1);
        yield new PercentileSearch(word.number(0));
      }
      default -> {
        word.requireArguments(0, 0);
        yield new MinMaxSearch();
      }
    };
  }

  private static ScaleSearch meanSquaredError(Word word) {
    MeanSquaredErrorSearch usual = MeanSquaredErrorSearch.defaults();
    boolean exponent = !word.arguments().isEmpty() && !word.arguments().getFirst().contains("=");
    Word options = exponent ? word.withoutFirst() : word;
    options.requireOptions(List.of(), List.of("steps", "shrink"));
    return new MeanSquaredErrorSearch(
        exponent ? word.number(0) : usual.exponent(),
        options.integerOf("steps").orElse(usual.steps()),
        options.numberOf("shrink").orElse(usual.shrink()));
  }

  private static List<Rounding> roundings(String chain, boolean searchPossible) {
    List<Rounding> roundings = new ArrayList<>();
    for (String part : Word.split(chain, '>')) {
      roundings.add(rounding(Word.parse(part), searchPossible && chain.equals(part)));
    }
    return roundings;
  }

  private static Rounding rounding(Word word, boolean searchPossible) {
    return switch (word.name()) {
      case "rtn" -> {
        word.requireArguments(0, 0);
        yield new NearestRounding();
      }
      case "gptq" -> {
        word.requireOptions(List.of("act-order", "current"), List.of("damp", "block"));
        GptqRounding usual = GptqRounding.defaults();
        yield new GptqRounding(
            word.has("act-order"),
            word.has("current"),
            word.numberOf("damp").orElse(usual.damping()),
            word.integerOf("block").orElse(usual.block()));
      }
      case "cd" -> {
        if (word.arguments().isEmpty()) {
          throw new IllegalArgumentException(
              "'" + word.text() + "': expected the number of sweeps, such as cd(6)");
        }
        Word options = word.withoutFirst();
        options.requireOptions(List.of("plain", "act-order"), List.of());
        yield new CoordinateDescent(
            word.integer(0), !options.has("plain"), options.has("act-order"));
      }
      case "adaround" -> {
        word.requireOptions(List.of(), List.of("iterations", "rate", "penalty"));
        AdaRound usual = AdaRound.defaults();
        yield new AdaRound(
            word.integerOf("iterations").orElse(usual.iterations()),
            word.numberOf("rate").orElse(usual.rate()),
            word.numberOf("penalty").orElse(usual.penalty()));
      }
      case "flexround" -> {
        word.requireOptions(List.of(), List.of("iterations", "rate"));
        FlexRound usual = FlexRound.defaults();
        yield new FlexRound(
            word.integerOf("iterations").orElse(usual.iterations()),
            word.numberOf("rate").orElse(usual.rate()));
      }
      case "stochastic" -> {
        word.requireArguments(0, 1);
        yield new StochasticRounding(word.arguments().isEmpty() ? 0 : word.integer(0));
      }
      default -> throw unknown(word, searchPossible);
    };
  }

  private static IllegalArgumentException unknown(Word word, boolean searchPossible) {
    List<String> known = new ArrayList<>(searchPossible ? SEARCHES : List.of());
    known.addAll(ROUNDINGS);
    return new IllegalArgumentException(
        (searchPossible ? "search or rounding: '" : "rounding: '")
            + word.text()
            + "' is not known, expected "
            + String.join(", ", known)
            + Suggestion.of(word.name(), known));
  }
}
