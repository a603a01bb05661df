// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import java.util.ArrayList;
import java.util.List;

/** Cuts a recipe's text into pieces that know where they stand. */
final class RecipeScanner {
  /**
   * A stretch of the text.
   *
   * @param text trimmed
   * @param position of its first character
   */
  record Piece(String text, int position) {}

  /**
   * A segment and the character before it.
   *
   * @param mark {@code |}, {@code @} or {@code +}; a space for the first segment
   * @param piece what stands between this mark and the next
   */
  record Segment(char mark, Piece piece) {}

  private final String recipe;

  RecipeScanner(String recipe) {
    this.recipe = recipe;
  }

  RecipeException error(Piece piece, String problem) {
    return new RecipeException(recipe, piece.position(), piece.text(), problem);
  }

  /** The text between the marks, which count only outside parentheses. */
  List<Segment> segments() {
    List<Segment> segments = new ArrayList<>();
    int depth = 0;
    int start = 0;
    char mark = ' ';
    for (int i = 0; i < recipe.length(); i++) {
      char c = recipe.charAt(i);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth < 0) {
        throw error(new Piece(")", i), "')' closes nothing");
      }
      if (depth == 0 && (c == '|' || c == '@' || c == '+')) {
        segments.add(new Segment(mark, piece(start, i)));
        mark = c;
        start = i + 1;
      }
    }
    if (depth > 0) {
      throw error(new Piece("", recipe.length()), "')' is missing");
    }
    segments.add(new Segment(mark, piece(start, recipe.length())));
    return segments;
  }

  private Piece piece(int from, int to) {
    int start = from;
    int end = to;
    while (start < end && Character.isWhitespace(recipe.charAt(start))) {
      start++;
    }
    while (end > start && Character.isWhitespace(recipe.charAt(end - 1))) {
      end--;
    }
    return new Piece(recipe.substring(start, end), start);
  }

  /** From the start of one piece to the end of another. */
  Piece stretch(Piece first, Piece last) {
    return piece(first.position(), last.position() + last.text().length());
  }

  /** Pieces of a piece between separators outside parentheses; white space if c is a space. */
  List<Piece> split(Piece piece, char separator) {
    List<Piece> parts = new ArrayList<>();
    int depth = 0;
    int start = piece.position();
    int end = start + piece.text().length();
    for (int i = start; i <= end; i++) {
      char c = i < end ? recipe.charAt(i) : separator;
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      boolean cut = separator == ' ' ? Character.isWhitespace(c) : c == separator;
      if (depth == 0 && cut) {
        Piece part = piece(start, i);
        if (separator != ' ' || !part.text().isEmpty()) {
          parts.add(part);
        }
        start = i + 1;
      }
    }
    return parts;
  }

  /** A name with arguments in parentheses. */
  RecipeWord word(Piece piece) {
    String text = piece.text();
    int open = text.indexOf('(');
    String name = open < 0 ? text : text.substring(0, open).trim();
    if (!name.matches("[a-z][a-z0-9-]*") || open >= 0 && !text.endsWith(")")) {
      throw error(
          piece,
          "'"
              + text
              + "': expected a name in lower case, with arguments in parentheses if any, such as"
              + " smooth(0.5)");
    }
    if (open < 0) {
      return new RecipeWord(this, piece, name, List.of());
    }
    Piece inside = piece(piece.position() + open + 1, piece.position() + text.length() - 1);
    List<Piece> arguments = inside.text().isEmpty() ? List.of() : split(inside, ',');
    return new RecipeWord(this, piece, name, arguments);
  }
}
