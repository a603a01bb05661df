// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import java.util.ArrayList;
import java.util.List;

/** Finds where in the description of weights or activations a message belongs. */
final class Culprits {
  private Culprits() {}

  /** The part of a piece that a message quotes: the shortest one, or the piece itself. */
  static RecipeScanner.Piece find(
      RecipeScanner scanner, RecipeScanner.Piece piece, String message) {
    RecipeScanner.Piece best = piece;
    boolean found = false;
    for (RecipeScanner.Piece word : scanner.split(piece, ' ')) {
      List<RecipeScanner.Piece> parts = new ArrayList<>(scanner.split(word, ':'));
      parts.addAll(scanner.split(word, '>'));
      parts.add(word);
      for (RecipeScanner.Piece part : parts) {
        boolean quoted = message.contains("'" + part.text() + "'");
        if (quoted && (!found || isBetter(part, best, message))) {
          best = part;
          found = true;
        }
      }
    }
    return best;
  }

  /** The shortest quoted part is the most precise one; the later of two comes from the tail. */
  private static boolean isBetter(
      RecipeScanner.Piece part, RecipeScanner.Piece best, String message) {
    return part.text().length() < best.text().length()
        || part.text().length() == best.text().length()
            && message.lastIndexOf("'" + part.text() + "'")
                < message.lastIndexOf("'" + best.text() + "'");
  }
}
