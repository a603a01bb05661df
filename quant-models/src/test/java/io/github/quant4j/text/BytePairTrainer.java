// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Learns the merges of small vocabularies, by counting pairs anew for each merge. */
final class BytePairTrainer {
  final Map<String, Integer> vocabulary = new LinkedHashMap<>();
  final List<List<String>> merges = new ArrayList<>();

  /** Starts with these tokens, in order. */
  BytePairTrainer(Iterable<String> tokens) {
    tokens.forEach(this::add);
  }

  private void add(String token) {
    vocabulary.putIfAbsent(token, vocabulary.size());
  }

  /**
   * Learns merges from words.
   *
   * @param words each a list of tokens; tokens that are new are added
   * @param count how many merges at most
   * @param prefix what the right token of a merge loses
   */
  BytePairTrainer train(List<List<String>> words, int count, String prefix) {
    List<List<String>> current = new ArrayList<>();
    for (List<String> word : words) {
      word.forEach(this::add);
      current.add(new ArrayList<>(word));
    }
    for (int i = 0; i < count; i++) {
      Map<List<String>, Integer> pairs = new LinkedHashMap<>();
      for (List<String> word : current) {
        for (int j = 0; j + 1 < word.size(); j++) {
          pairs.merge(List.of(word.get(j), word.get(j + 1)), 1, Integer::sum);
        }
      }
      if (pairs.isEmpty()) {
        break;
      }
      List<String> best =
          pairs.entrySet().stream()
              .max(Comparator.comparingInt(Map.Entry::getValue))
              .orElseThrow()
              .getKey();
      String merged = best.get(0) + best.get(1).substring(prefix.length());
      merges.add(best);
      add(merged);
      for (List<String> word : current) {
        for (int j = 0; j + 1 < word.size(); j++) {
          if (word.get(j).equals(best.get(0)) && word.get(j + 1).equals(best.get(1))) {
            word.set(j, merged);
            word.remove(j + 1);
          }
        }
      }
    }
    return this;
  }

  /** The merges as "a b". */
  List<String> spacedMerges() {
    return merges.stream().map(pair -> pair.get(0) + " " + pair.get(1)).toList();
  }
}
