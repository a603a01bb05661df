// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import java.util.Collection;
import java.util.Optional;

/** Finds the known word that a misspelt one was probably meant to be. */
public final class Suggestion {
  private Suggestion() {}

  /**
   * A clause for an error message.
   *
   * @param word what was found
   * @param known the words that were possible
   * @return {@code ; did you mean 'x'?} with the nearest known word, or nothing if none is near: at
   *     most a third of its letters, but at least one, may be wrong, missing, too many or swapped
   */
  public static String of(String word, Collection<String> known) {
    return nearest(word, known).map(best -> "; did you mean '" + best + "'?").orElse("");
  }

  /**
   * The nearest known word.
   *
   * @param word what was found
   * @param known the words that were possible
   * @return empty if none is near, see {@link #of}
   */
  public static Optional<String> nearest(String word, Collection<String> known) {
    String best = "";
    int least = Integer.MAX_VALUE;
    for (String candidate : known) {
      // Words whose lengths differ by more than the edits that are allowed are never near.
      if (Math.abs(word.length() - candidate.length()) > most(candidate)) {
        continue;
      }
      int distance = distance(word, candidate);
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return least <= most(best) ? Optional.of(best) : Optional.empty();
  }

  private static int most(String candidate) {
    return Math.max(1, candidate.length() / 3);
  }

  /**
   * Edits between two words: insertions, deletions, replacements and swaps of neighbours (optimal
   * string alignment).
   */
  private static int distance(String a, String b) {
    int[][] edits = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          edits[i][j] = i + j;
          continue;
        }
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        int best = edits[i - 1][j - 1] + (same ? 0 : 1);
        best = Math.min(best, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          best = Math.min(best, edits[i - 2][j - 2] + 1);
        }
        edits[i][j] = best;
      }
    }
    return edits[a.length()][b.length()];
  }
}
