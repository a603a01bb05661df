// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

/**
 * How tokens of WordPiece are spelled. A tokenizer file marks those that continue a word ({@code
 * ##ing}), a GGUF file those that begin one ({@code ▁the}); both leave {@code [MASK]} as it is.
 */
final class WordPieceSpelling {
  static final String CONTINUING = "##";

  private WordPieceSpelling() {}

  static String fromGguf(String token) {
    if (isBracketed(token)) {
      return token;
    }
    return token.startsWith(Sections.SPACE) && token.length() > 1
        ? token.substring(1)
        : CONTINUING + token;
  }

  static String toGguf(String token) {
    if (isBracketed(token)) {
      return token;
    }
    return token.startsWith(CONTINUING) && token.length() > CONTINUING.length()
        ? token.substring(CONTINUING.length())
        : Sections.SPACE + token;
  }

  private static boolean isBracketed(String token) {
    return token.startsWith("[") && token.endsWith("]");
  }
}
