// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.SyntaxException;
import java.util.List;

/** A cursor over the words of an expression. */
final class TokenReader {
  private static final int MAXIMUM_LENGTH = 2000;

  /** One that begins another comes later. */
  private static final List<String> SYMBOLS =
      List.of(
          "??", "||", "&&", "==", "!=", "<=", ">=", "?", ":", "<", ">", "+", "-", "*", "/", "%",
          "!", ".", ",", "[", "]", "(", ")");

  private final String expression;
  private Token current;
  private int end;

  TokenReader(String expression) {
    this.expression = expression;
    if (expression.length() > MAXIMUM_LENGTH) {
      throw error(
          MAXIMUM_LENGTH,
          "",
          "expected at most " + MAXIMUM_LENGTH + " characters, found " + expression.length());
    }
    this.current = scan(0);
  }

  /** The next word. */
  Token peek() {
    return current;
  }

  /** The next word, which is passed. */
  Token next() {
    Token token = current;
    end = token.end();
    current = scan(end);
    return token;
  }

  /** Behind the last word that was passed. */
  int end() {
    return end;
  }

  /** Passes a symbol if it is next. */
  boolean skip(String symbol) {
    if (!current.isSymbol(symbol)) {
      return false;
    }
    next();
    return true;
  }

  void expect(String symbol) {
    if (!skip(symbol)) {
      throw unexpected("'" + symbol + "'");
    }
  }

  /** A complaint about the next word. */
  SyntaxException unexpected(String expected) {
    return error(current, "expected " + expected + ", found " + found());
  }

  private String found() {
    return current.kind() == Token.Kind.END ? "the end" : Phrase.quoted(current.text());
  }

  /** A complaint about a word. */
  SyntaxException error(Token token, String problem) {
    return error(token.start(), token.text(), problem);
  }

  private SyntaxException error(int position, String word, String problem) {
    return new SyntaxException("expression", expression, position, word, problem);
  }

  private Token scan(int from) {
    int start = from;
    while (start < expression.length() && " \t\n\r".indexOf(expression.charAt(start)) >= 0) {
      start++;
    }
    if (start == expression.length()) {
      return new Token(Token.Kind.END, "", start);
    }
    char first = expression.charAt(start);
    if (isDigit(first)) {
      return token(Token.Kind.NUMBER, start, numberEnd(start));
    }
    if (isWordCharacter(first)) {
      int last = start;
      while (last < expression.length() && isWordCharacter(expression.charAt(last))) {
        last++;
      }
      return token(Token.Kind.NAME, start, last);
    }
    if (first == '\'') {
      return token(Token.Kind.TEXT, start, textEnd(start));
    }
    for (String symbol : SYMBOLS) {
      if (expression.startsWith(symbol, start)) {
        return new Token(Token.Kind.SYMBOL, symbol, start);
      }
    }
    String word = Character.toString(expression.codePointAt(start));
    throw error(start, word, "expected a value or an operator, found " + Phrase.quoted(word));
  }

  private Token token(Token.Kind kind, int start, int last) {
    return new Token(kind, expression.substring(start, last), start);
  }

  private int textEnd(int start) {
    int quote = expression.indexOf('\'', start + 1);
    if (quote < 0) {
      throw error(start, expression.substring(start), "the text has no closing quote");
    }
    for (int i = start; i < quote; i++) {
      if (Character.isISOControl(expression.charAt(i))) {
        throw error(i, expression.substring(i, i + 1), "a text has no control characters");
      }
    }
    return quote + 1;
  }

  /** Numbers are those of JSON, without sign. */
  private int numberEnd(int start) {
    int last = charAt(start) == '0' ? start + 1 : digitsEnd(start);
    if (charAt(last) == '.') {
      last = digitsEnd(last + 1);
    }
    if (charAt(last) == 'e' || charAt(last) == 'E') {
      last++;
      if (charAt(last) == '+' || charAt(last) == '-') {
        last++;
      }
      last = digitsEnd(last);
    }
    if (isWordCharacter(charAt(last))) {
      throw error(
          start,
          expression.substring(start, last + 1),
          Phrase.quoted(expression.substring(start, last + 1))
              + " is neither a number nor an identifier");
    }
    return last;
  }

  private int digitsEnd(int start) {
    int last = start;
    while (isDigit(charAt(last))) {
      last++;
    }
    if (last == start) {
      throw error(start, "", "expected a digit");
    }
    return last;
  }

  private char charAt(int position) {
    return position < expression.length() ? expression.charAt(position) : ' ';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isWordCharacter(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || isDigit(c);
  }
}
