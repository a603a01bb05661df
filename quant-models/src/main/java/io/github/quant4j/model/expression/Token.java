// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

/**
 * A word of an expression.
 *
 * @param kind what it is
 * @param text its characters, with the quotes of a text; empty at the end
 * @param start where it stands in the expression
 */
record Token(Kind kind, String text, int start) {

  /** What a word is. */
  enum Kind {
    NUMBER,
    TEXT,
    NAME,
    SYMBOL,
    END
  }

  /** Behind the last character. */
  int end() {
    return start + text.length();
  }

  boolean isSymbol(String symbol) {
    return kind == Kind.SYMBOL && text.equals(symbol);
  }
}
