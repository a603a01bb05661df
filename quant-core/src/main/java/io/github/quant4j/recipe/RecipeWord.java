// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.wording.Suggestion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A name with arguments, which are taken one by one; what is left over at the end is an error. */
final class RecipeWord {
  private final RecipeScanner scanner;
  private final RecipeScanner.Piece piece;
  private final String name;
  private final List<RecipeScanner.Piece> left;

  RecipeWord(
      RecipeScanner scanner,
      RecipeScanner.Piece piece,
      String name,
      List<RecipeScanner.Piece> arguments) {
    this.scanner = scanner;
    this.piece = piece;
    this.name = name;
    this.left = new ArrayList<>(arguments);
  }

  String name() {
    return name;
  }

  RecipeScanner.Piece piece() {
    return piece;
  }

  RecipeException error(String problem) {
    return scanner.error(piece, "'" + piece.text() + "': " + problem);
  }

  /** The next argument, which must be there. */
  RecipeScanner.Piece take(String expected) {
    if (left.isEmpty()) {
      throw error("expected " + expected + " in parentheses");
    }
    return left.removeFirst();
  }

  boolean hasMore() {
    return !left.isEmpty();
  }

  RecipeScanner.@Nullable Piece peek() {
    return left.isEmpty() ? null : left.getFirst();
  }

  /** Removes an argument that is a plain word. */
  boolean takeFlag(String flag) {
    return left.removeIf(argument -> argument.text().equals(flag));
  }

  /** Removes an argument {@code key=value}. */
  Optional<RecipeScanner.Piece> takeValue(String key) {
    for (RecipeScanner.Piece argument : left) {
      String text = argument.text();
      if (text.startsWith(key) && text.substring(key.length()).trim().startsWith("=")) {
        left.remove(argument);
        int at = text.indexOf('=') + 1;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
          at++;
        }
        return Optional.of(new RecipeScanner.Piece(text.substring(at), argument.position() + at));
      }
    }
    return Optional.empty();
  }

  double number(RecipeScanner.Piece argument) {
    // The pattern keeps out what parseDouble allows besides: NaN, Infinity, hexadecimal, suffixes.
    if (!argument.text().matches("[0-9]*\\.?[0-9]+([eE]-?[0-9]{1,3})?|[0-9]+\\.")) {
      throw scanner.error(
          argument, "'" + piece.text() + "': '" + argument.text() + "' is not a number");
    }
    return Double.parseDouble(argument.text());
  }

  long whole(RecipeScanner.Piece argument) {
    if (!argument.text().matches("[0-9]{1,18}")) {
      throw scanner.error(
          argument, "'" + piece.text() + "': '" + argument.text() + "' is not a whole number");
    }
    return Long.parseLong(argument.text());
  }

  int count(RecipeScanner.Piece argument) {
    long value = whole(argument);
    if (value > Integer.MAX_VALUE) {
      throw scanner.error(argument, "'" + argument.text() + "' is too large");
    }
    return (int) value;
  }

  /** Fails if an argument was not taken; the known ones are named. */
  void end(String... known) {
    if (!left.isEmpty()) {
      RecipeScanner.Piece first = left.getFirst();
      throw scanner.error(
          first,
          "'"
              + piece.text()
              + "': argument '"
              + first.text()
              + "' is not known here"
              + Suggestion.of(first.text(), List.of(known))
              + (known.length == 0 ? "" : "; expected " + String.join(", ", known)));
    }
  }
}
