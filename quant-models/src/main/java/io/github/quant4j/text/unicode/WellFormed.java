// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.unicode;

/** Makes UTF-16 well-formed. */
public final class WellFormed {
  private WellFormed() {}

  /**
   * Replaces each lone surrogate, which UTF-8 cannot express, by U+FFFD.
   *
   * @param text any
   * @return the same text if it is well-formed, a repaired copy otherwise
   */
  public static String repair(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (!Character.isSupplementaryCodePoint(text.codePointAt(i))) {
          return repairFrom(text, i);
        }
        i++;
      }
    }
    return text;
  }

  private static String repairFrom(String text, int first) {
    StringBuilder out = new StringBuilder(text.length()).append(text, 0, first);
    text.substring(first)
        .codePoints()
        .forEach(
            codePoint ->
                out.appendCodePoint(
                    codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE
                        ? 0xFFFD
                        : codePoint));
    return out.toString();
  }
}
