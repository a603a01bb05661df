// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

/** Which characters are the same as an ASCII letter where case is ignored (simple case folding). */
final class CaseFolding {
  private static final int LONG_S = 0x17F;
  private static final int KELVIN = 0x212A;

  /** Pairs whose full case folding has a single character too, such as the ligature of "fi". */
  private static final String[] LIGATURES = {"ss", "ff", "fi", "fl", "st"};

  private CaseFolding() {}

  /** The other forms of an ASCII character; none if it is no letter. */
  static int[] variants(int ascii) {
    int lower = Character.toLowerCase(ascii);
    if (lower < 'a' || lower > 'z') {
      return new int[0];
    }
    int other = ascii == lower ? Character.toUpperCase(ascii) : lower;
    return switch (lower) {
      case 's' -> new int[] {other, LONG_S};
      case 'k' -> new int[] {other, KELVIN};
      default -> new int[] {other};
    };
  }

  /** Whether two letters in a row also match a single character. */
  static boolean formLigature(int first, int second) {
    for (String pair : LIGATURES) {
      if (Character.toLowerCase(first) == pair.charAt(0)
          && Character.toLowerCase(second) == pair.charAt(1)) {
        return true;
      }
    }
    return false;
  }
}
