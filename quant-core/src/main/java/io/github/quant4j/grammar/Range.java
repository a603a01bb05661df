// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

/**
 * Which numbers an argument may be.
 *
 * @param least the least
 * @param isLeastIn whether the least itself may be
 * @param most the most, perhaps infinite
 * @param isMostIn whether the most itself may be
 * @param isWhole whether only whole numbers may be
 */
public record Range(
    double least, boolean isLeastIn, double most, boolean isMostIn, boolean isWhole) {

  /**
   * Whole numbers.
   *
   * @param least the least
   * @param most the most
   * @return both included
   */
  public static Range whole(long least, long most) {
    return new Range(least, true, most, true, true);
  }

  /**
   * Whole numbers from one on.
   *
   * @param least the least, included
   * @return up to the largest int
   */
  public static Range wholeFrom(long least) {
    return whole(least, Integer.MAX_VALUE);
  }

  /**
   * Seeds of random numbers.
   *
   * @return whole numbers from 0 to what 18 digits can say
   */
  public static Range seed() {
    return new Range(0, true, 1e18, false, true);
  }

  /**
   * Real numbers.
   *
   * @param least the least
   * @param most the most
   * @return both included
   */
  public static Range from(double least, double most) {
    return new Range(least, true, most, true, false);
  }

  /**
   * Real numbers above one.
   *
   * @param least not included
   * @param most included
   * @return the range
   */
  public static Range above(double least, double most) {
    return new Range(least, false, most, true, false);
  }

  /**
   * Real numbers between two.
   *
   * @param least not included
   * @param most not included
   * @return the range
   */
  public static Range between(double least, double most) {
    return new Range(least, false, most, false, false);
  }

  /**
   * Reads a number of this range.
   *
   * @param phrase its text
   * @return the value
   * @throws SyntaxException if it is not a number, or out of range
   */
  public double number(Phrase phrase) {
    return read(phrase).doubleValue();
  }

  /** Reads a number of this range. */
  Number read(Phrase phrase) {
    Number value;
    if (isWhole) {
      value = Numerals.whole(phrase);
    } else {
      value = Numerals.number(phrase);
    }
    double number = value.doubleValue();
    boolean tooSmall = isLeastIn ? number < least : number <= least;
    boolean tooLarge = isMostIn ? number > most : number >= most;
    if (tooLarge && most >= Integer.MAX_VALUE) {
      throw phrase.error(phrase.quoted() + " is too large");
    }
    if (tooSmall || tooLarge) {
      throw phrase.error(phrase.quoted() + ": expected " + this);
    }
    return value;
  }

  /** In words, such as {@code above 0, to 100}. */
  @Override
  public String toString() {
    if (isWhole && most >= Integer.MAX_VALUE) {
      return "at least " + Numerals.plain(least);
    }
    if (!isMostIn) {
      return (isLeastIn ? "at least " : "above ")
          + Numerals.plain(least)
          + ", below "
          + Numerals.plain(most);
    }
    if (most >= Float.MAX_VALUE) {
      return (isLeastIn ? "at least " : "above ") + Numerals.plain(least);
    }
    return isLeastIn
        ? Numerals.plain(least) + " to " + Numerals.plain(most)
        : "above " + Numerals.plain(least) + ", to " + Numerals.plain(most);
  }
}
