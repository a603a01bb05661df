// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.rounding.Rounding;
import io.github.quant4j.rounding.Roundings;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.search.ScaleSearches;
import java.util.ArrayList;
import java.util.List;

/** The text form of quantizers: {@code scheme [search] [rounding{>rounding}]}. */
final class QuantizerText {
  private QuantizerText() {}

  static Quantizer parse(Phrase phrase) {
    List<Phrase> words = phrase.words();
    if (words.isEmpty()) {
      throw phrase.error(
          "empty, expected scheme [search] [rounding{>rounding}], such as"
              + " int4:g64:asym clip gptq(act-order)>cd(6)");
    }
    QuantScheme scheme = QuantScheme.parse(words.getFirst());
    ScaleSearch search = new MinMaxSearch();
    List<Rounding> roundings = List.of(new NearestRounding());
    int next = 1;
    if (next < words.size() && isSearch(words.get(next))) {
      search = ScaleSearches.STEPS.read(words.get(next));
      next++;
    }
    if (next < words.size()) {
      roundings = roundings(words.get(next), next == 1);
      next++;
    }
    if (next < words.size()) {
      Phrase extra = words.get(next);
      throw extra.error(
          "nothing may follow "
              + words.get(next - 1).quoted()
              + ", found "
              + extra.quoted()
              + (isSearch(extra) ? "; a search stands before the rounding" : ""));
    }
    try {
      return Quantizer.of(scheme, search, roundings);
    } catch (IllegalArgumentException e) {
      throw phrase.error(e);
    }
  }

  private static boolean isSearch(Phrase word) {
    return ScaleSearches.STEPS.find(word).isPresent();
  }

  private static List<Rounding> roundings(Phrase chain, boolean searchPossible) {
    List<Rounding> roundings = new ArrayList<>();
    List<Phrase> parts = chain.split(">");
    for (Phrase part : parts) {
      if (searchPossible && parts.size() == 1 && Roundings.STEPS.find(part).isEmpty()) {
        throw misspelt(part);
      }
      roundings.add(Roundings.STEPS.read(part));
    }
    return roundings;
  }

  /** A search may stand here as well. */
  private static SyntaxException misspelt(Phrase word) {
    return Roundings.STEPS.unknown(word, ScaleSearches.STEPS.names());
  }
}
