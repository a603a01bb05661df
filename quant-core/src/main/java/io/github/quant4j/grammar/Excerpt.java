// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

/** Parts of texts for messages, whatever the length of the text and whatever is in it. */
final class Excerpt {
  static final int MOST_OF_TEXT = 80;
  static final int MOST_OF_WORD = 40;
  static final int MOST_OF_MESSAGE = 200;
  private static final int BEFORE = 30;
  private static final char CUT = '\u2026';

  private Excerpt() {}

  /** The text, or if it is long, what stands around a position. */
  static String around(String text, int position) {
    if (text.length() <= MOST_OF_TEXT) {
      return printable(text);
    }
    int start = Math.clamp(position - BEFORE, 0, text.length() - MOST_OF_TEXT);
    int end = start + MOST_OF_TEXT;
    return (start > 0 ? CUT : "")
        + printable(text.substring(start, end))
        + (end < text.length() ? CUT : "");
  }

  /** The text, or if it is long, how it begins. */
  static String start(String text, int most) {
    return text.length() <= most ? printable(text) : printable(text.substring(0, most)) + CUT;
  }

  /** Control characters could move a terminal's cursor, and halves of pairs have no encoding. */
  private static String printable(String text) {
    StringBuilder printed = new StringBuilder(text);
    for (int i = 0; i < printed.length(); i++) {
      char c = printed.charAt(i);
      if (Character.isISOControl(c)) {
        printed.setCharAt(i, Character.isWhitespace(c) ? ' ' : '\ufffd');
      }
    }
    if (!printed.isEmpty() && Character.isLowSurrogate(printed.charAt(0))) {
      printed.setCharAt(0, CUT);
    }
    int last = printed.length() - 1;
    if (last >= 0 && Character.isHighSurrogate(printed.charAt(last))) {
      printed.setCharAt(last, CUT);
    }
    return printed.toString();
  }
}
