// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.rounding.Rounding;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.MeanSquaredErrorSearch;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.ScaleSearch;
import java.util.ArrayList;
import java.util.List;

/**
 * The text form of quantizers: {@code scheme [search] [rounding{>rounding}]}.
 *
 * <p>The search is {@code minmax} (the default) or {@code mse[(exponent)]}; the rounding is {@code
 * rtn} (the default).
 */
final class QuantizerText {
  private QuantizerText() {}

  static Quantizer parse(String text) {
    String[] words = text.trim().split("\\s+", -1);
    QuantScheme scheme = QuantScheme.parse(words[0]);
    ScaleSearch search = new MinMaxSearch();
    List<Rounding> roundings = List.of(new NearestRounding());
    int next = 1;
    if (next < words.length && isSearch(words[next])) {
      search = search(words[next]);
      next++;
    }
    if (next < words.length) {
      roundings = roundings(words[next]);
      next++;
    }
    if (next < words.length) {
      throw new IllegalArgumentException(
          "quantizer: '"
              + text
              + "': nothing may follow '"
              + words[next - 1]
              + "', found '"
              + words[next]
              + "'");
    }
    return Quantizer.of(scheme, search, roundings);
  }

  private static boolean isSearch(String word) {
    String name = Word.parse(word).name();
    return name.equals("minmax") || name.equals("mse");
  }

  private static ScaleSearch search(String text) {
    Word word = Word.parse(text);
    if (word.name().equals("minmax")) {
      word.requireArguments(0, 0);
      return new MinMaxSearch();
    }
    word.requireArguments(0, 1);
    MeanSquaredErrorSearch usual = MeanSquaredErrorSearch.defaults();
    return word.arguments().isEmpty()
        ? usual
        : new MeanSquaredErrorSearch(word.number(0), usual.steps(), usual.shrink());
  }

  private static List<Rounding> roundings(String chain) {
    List<Rounding> roundings = new ArrayList<>();
    for (String part : chain.split(">", -1)) {
      Word word = Word.parse(part);
      roundings.add(
          switch (word.name()) {
            case "rtn" -> {
              word.requireArguments(0, 0);
              yield new NearestRounding();
            }
            default ->
                throw new IllegalArgumentException(
                    "rounding: '" + part + "' is not known, expected rtn");
          });
    }
    return roundings;
  }
}
