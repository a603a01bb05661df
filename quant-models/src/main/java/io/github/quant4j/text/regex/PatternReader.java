// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

/** A cursor over a regular expression. */
final class PatternReader {
  private final String expression;
  private int position;

  PatternReader(String expression) {
    this.expression = expression;
  }

  boolean atEnd() {
    return position >= expression.length();
  }

  /** The next code point, or -1 at the end. */
  int peek() {
    return atEnd() ? -1 : expression.codePointAt(position);
  }

  int next() {
    int codePoint = peek();
    if (codePoint < 0) {
      throw error("ends too early");
    }
    position += Character.charCount(codePoint);
    return codePoint;
  }

  boolean startsWith(String prefix) {
    return expression.startsWith(prefix, position);
  }

  boolean skip(String prefix) {
    if (startsWith(prefix)) {
      position += prefix.length();
      return true;
    }
    return false;
  }

  void expect(char character) {
    if (peek() != character) {
      throw error("has no '" + character + "'");
    }
    position++;
  }

  /** What stands before the next occurrence of a character, which is skipped as well. */
  String until(char end) {
    int at = expression.indexOf(end, position);
    if (at < 0) {
      throw error("has no '" + end + "'");
    }
    String found = expression.substring(position, at);
    position = at + 1;
    return found;
  }

  /** Decimal digits, or -1 if there are none. */
  int digits() {
    int start = position;
    int value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = value * 10 + (next() - '0');
      if (value > 100_000) {
        throw error("has a repeat count over 100000");
      }
    }
    return position == start ? -1 : value;
  }

  int position() {
    return position;
  }

  void position(int value) {
    position = value;
  }

  IllegalArgumentException error(String problem) {
    return new IllegalArgumentException(
        "the regular expression '"
            + expression
            + "' "
            + problem
            + " (at character "
            + position
            + ")");
  }

  IllegalArgumentException unsupported(String construct) {
    return error("uses " + construct + ", which is not supported");
  }

  /** A code point that stands for itself, both inside and outside of a class of Java. */
  static String quote(int codePoint) {
    if (codePoint < 0x80 && Character.isLetterOrDigit(codePoint)) {
      return Character.toString(codePoint);
    }
    return "\\x{" + Integer.toHexString(codePoint) + "}";
  }

  /** The character that an escape names, such as \n or \x{2581}, or -1 if it is no such escape. */
  int escapedCharacter(int letter) {
    return switch (letter) {
      case 't' -> '\t';
      case 'n' -> '\n';
      case 'v' -> 0x0B;
      case 'f' -> '\f';
      case 'r' -> '\r';
      case 'a' -> 0x07;
      case 'e' -> 0x1B;
      case 'x' -> {
        if (skip("{")) {
          yield codePoint(until('}'));
        }
        int value = hexadecimal(2);
        if (value > 0x7F) {
          throw unsupported("a raw byte above \\x7F");
        }
        yield value;
      }
      case 'u' -> hexadecimal(4);
      default -> Character.isLetterOrDigit(letter) && letter < 0x80 ? -1 : letter;
    };
  }

  private int hexadecimal(int digits) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < digits; i++) {
      text.appendCodePoint(next());
    }
    return codePoint(text.toString());
  }

  private int codePoint(String hexadecimal) {
    if (!hexadecimal.matches("[0-9A-Fa-f]{1,6}")) {
      throw error("has a malformed code point '" + hexadecimal + "'");
    }
    int value = Integer.parseInt(hexadecimal, 16);
    if (!Character.isValidCodePoint(value)
        || value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE) {
      throw error("has a code point out of range: " + hexadecimal);
    }
    return value;
  }
}
