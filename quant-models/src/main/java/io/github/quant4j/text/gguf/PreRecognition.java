// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import java.util.Comparator;
import java.util.List;

/** Finds the name that llama.cpp has for a way to split texts. */
final class PreRecognition {
  private PreRecognition() {}

  /**
   * Finds the name.
   *
   * @param all what llama.cpp has
   * @param splitting what the tokenizer file does
   * @param ignoreMerges whether a word that is a token needs no merges
   * @throws IllegalArgumentException if llama.cpp has nothing like it; the message names the
   *     nearest
   */
  static PreTokenization find(
      PreTokenizations all, SourceSplitting splitting, boolean ignoreMerges) {
    List<PreTokenization> written =
        all.entries().stream()
            .filter(entry -> !entry.characters() && entry.isWritten(splitting.expressions()))
            .toList();
    for (PreTokenization entry : written) {
      if (entry.ignoreMerges() == ignoreMerges) {
        return entry;
      }
    }
    if (!written.isEmpty()) {
      throw new IllegalArgumentException(
          "model.ignore_merges: "
              + ignoreMerges
              + ", but the pre-tokenizer '"
              + written.getFirst().names().getFirst()
              + "' of llama.cpp goes with "
              + !ignoreMerges
              + "; name a pre-tokenizer to write it all the same");
    }
    PreTokenization nearest =
        all.entries().stream()
            .filter(entry -> !entry.characters())
            .max(Comparator.comparingInt(entry -> likeness(entry, splitting.expressions())))
            .orElseThrow();
    throw new IllegalArgumentException(
        "pre_tokenizer: llama.cpp has none that splits by "
            + splitting.expressions()
            + "; the nearest is '"
            + nearest.names().getFirst()
            + "', name it to write it all the same");
  }

  private static int likeness(PreTokenization entry, List<String> expressions) {
    int best = common(entry.split(), expressions);
    for (List<String> known : entry.known()) {
      best = Math.max(best, common(known, expressions));
    }
    return best;
  }

  /** How many characters two lists share at their beginnings and ends, less those they do not. */
  private static int common(List<String> first, List<String> second) {
    String a = String.join("\n", first);
    String b = String.join("\n", second);
    int limit = Math.min(a.length(), b.length());
    int front = 0;
    while (front < limit && a.charAt(front) == b.charAt(front)) {
      front++;
    }
    int back = 0;
    while (back < limit - front
        && a.charAt(a.length() - 1 - back) == b.charAt(b.length() - 1 - back)) {
      back++;
    }
    return 3 * (front + back) - a.length() - b.length();
  }
}
