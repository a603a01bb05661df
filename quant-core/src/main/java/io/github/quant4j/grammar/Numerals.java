// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The one rule by which numbers are read and printed. */
public final class Numerals {
  /**
   * Decimal numbers in ASCII. What {@link Double#parseDouble} allows besides is kept out: NaN,
   * Infinity, hexadecimal numbers and the suffixes of Java's literals.
   */
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?([0-9]{1,40}\\.?[0-9]{0,40}|\\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?");

  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,18}");
  private static final double MOST_EXACT = 1e15;

  private Numerals() {}

  /**
   * Reads a number.
   *
   * @param phrase its text
   * @return the value, finite
   * @throws SyntaxException if the text is not a decimal number, or one that a double cannot hold
   */
  public static double number(Phrase phrase) {
    Matcher match = NUMBER.matcher(phrase.text());
    if (!match.matches()) {
      throw phrase.error(phrase.quoted() + " is not a number");
    }
    double value = Double.parseDouble(phrase.text());
    if (Double.isInfinite(value)) {
      throw phrase.error(phrase.quoted() + " is too large");
    }
    if (value == 0 && match.group(1).chars().anyMatch(c -> c >= '1' && c <= '9')) {
      throw phrase.error(phrase.quoted() + " is too small");
    }
    // There is one zero, so that what is printed compares equal to what is read.
    return value + 0.0;
  }

  /**
   * Reads a whole number.
   *
   * @param phrase its text
   * @return the value
   * @throws SyntaxException if the text is not a whole number of at most 18 digits
   */
  public static long whole(Phrase phrase) {
    if (!WHOLE.matcher(phrase.text()).matches()) {
      throw phrase.error(phrase.quoted() + " is not a whole number");
    }
    return Long.parseLong(phrase.text());
  }

  /** Whether a text begins like a word and not like a number, for choosing between messages. */
  static boolean isWord(String text) {
    return !text.isEmpty() && Character.isLetter(text.charAt(0));
  }

  /**
   * Prints a number without an exponent, as short as it can be read back.
   *
   * @param value a finite number
   * @return for example {@code 2} or {@code 0.0005}
   */
  public static String plain(double value) {
    return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
  }

  /**
   * Prints a number as short as it can be read back, with an exponent if it is very small.
   *
   * @param value a finite number
   * @return for example {@code 2}, {@code 0.05} or {@code 1.0E-5}
   */
  public static String withExponent(double value) {
    return value == Math.rint(value) && Math.abs(value) < MOST_EXACT
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }
}
