// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import java.util.ArrayList;
import java.util.List;

/** What can stand in the description of weights, for messages; the quantizer itself reads it. */
final class WeightWords {
  static final List<String> KNOWN =
      List.of(
          "rtn",
          "gptq",
          "cd",
          "adaround",
          "flexround",
          "stochastic",
          "minmax",
          "mse",
          "clip",
          "hqq",
          "quest",
          "sym",
          "asym",
          "tensor",
          "channel",
          "column",
          "block",
          "token",
          "f16",
          "bf16",
          "f32",
          "e8m0",
          "e4m3",
          "int2",
          "int3",
          "int4",
          "int5",
          "int6",
          "int8",
          "fp8e4m3",
          "fp8e5m2",
          "fp6e2m3",
          "fp6e3m2",
          "fp4e2m1",
          "mxfp4",
          "mxfp6e2m3",
          "mxfp6e3m2",
          "mxfp8",
          "mxfp8e4m3",
          "mxfp8e5m2",
          "mxint8",
          "nvfp4",
          "nf4",
          "nf3",
          "ternary",
          "ternary2",
          "binary",
          "codebook",
          "levels");

  private WeightWords() {}

  /** The part of a piece that a message quotes: the longest one, or the piece itself. */
  static RecipeScanner.Piece culprit(
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

  /** A message with the nearest known word, unless it names one already. */
  static String explained(RecipeScanner.Piece culprit, IllegalArgumentException error) {
    String message = String.valueOf(error.getMessage());
    return message.contains("did you mean")
        ? message
        : message + Suggestions.of(culprit.text().replaceFirst("\\(.*", ""), KNOWN);
  }
}
