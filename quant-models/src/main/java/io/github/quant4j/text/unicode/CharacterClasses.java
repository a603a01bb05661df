// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.unicode;

/** Classes of code points as Hugging Face's tokenizers define them. */
public final class CharacterClasses {
  private static final int NUMERIC =
      1 << Character.DECIMAL_DIGIT_NUMBER
          | 1 << Character.LETTER_NUMBER
          | 1 << Character.OTHER_NUMBER;
  private static final int MARK =
      1 << Character.NON_SPACING_MARK
          | 1 << Character.ENCLOSING_MARK
          | 1 << Character.COMBINING_SPACING_MARK;
  private static final int PUNCTUATION =
      1 << Character.CONNECTOR_PUNCTUATION
          | 1 << Character.DASH_PUNCTUATION
          | 1 << Character.START_PUNCTUATION
          | 1 << Character.END_PUNCTUATION
          | 1 << Character.INITIAL_QUOTE_PUNCTUATION
          | 1 << Character.FINAL_QUOTE_PUNCTUATION
          | 1 << Character.OTHER_PUNCTUATION;

  private CharacterClasses() {}

  /**
   * Unicode white space (property White_Space), which is neither Java's white space nor its space
   * characters.
   *
   * @param codePoint any
   * @return whether it is white space
   */
  public static boolean isWhiteSpace(int codePoint) {
    return switch (codePoint) {
      case '\t', '\n', 0x0B, '\f', '\r', ' ', 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F ->
          true;
      case 0x3000 -> true;
      default -> codePoint >= 0x2000 && codePoint <= 0x200A;
    };
  }

  /**
   * Word characters of Unicode Technical Standard 18: alphabetic, marks, decimal digits, connector
   * punctuation and the joiners.
   *
   * @param codePoint any
   * @return whether it is part of a word
   */
  public static boolean isWord(int codePoint) {
    int type = 1 << Character.getType(codePoint);
    return Character.isAlphabetic(codePoint)
        || (type
                & (MARK
                    | 1 << Character.DECIMAL_DIGIT_NUMBER
                    | 1 << Character.CONNECTOR_PUNCTUATION))
            != 0
        || codePoint == 0x200C
        || codePoint == 0x200D;
  }

  /**
   * Numbers: general category N, fractions and Roman numerals among them.
   *
   * @param codePoint any
   * @return whether it is a number
   */
  public static boolean isNumeric(int codePoint) {
    return (NUMERIC >> Character.getType(codePoint) & 1) != 0;
  }

  /**
   * Combining marks, general category M, as of Unicode 9.0.
   *
   * @param codePoint any
   * @return whether it is a mark
   */
  public static boolean isMark(int codePoint) {
    // These two were marks until Unicode 12.
    return (MARK >> Character.getType(codePoint) & 1) != 0
            && !UnicodeGaps.NOT_YET_MARKS.contains(codePoint)
        || codePoint == 0x1CF2
        || codePoint == 0x1CF3;
  }

  /**
   * Non-spacing marks, general category Mn, as of Unicode 7.0.
   *
   * @param codePoint any
   * @return whether it is such a mark
   */
  public static boolean isNonSpacingMark(int codePoint) {
    // Both were non-spacing marks once.
    return Character.getType(codePoint) == Character.NON_SPACING_MARK
            && !UnicodeGaps.NOT_YET_NON_SPACING.contains(codePoint)
        || codePoint == 0x1734
        || codePoint == 0x1171E;
  }

  /**
   * Control and format characters, those of private use too: general categories Cc, Cf and Co as of
   * Unicode 7.0.
   *
   * @param codePoint any
   * @return whether it is one of them
   */
  public static boolean isOther(int codePoint) {
    int type = Character.getType(codePoint);
    return type == Character.CONTROL
        || type == Character.FORMAT && !UnicodeGaps.NOT_YET_FORMAT.contains(codePoint)
        || type == Character.PRIVATE_USE;
  }

  /**
   * Punctuation: general category P as of Unicode 7.0, and all of ASCII's punctuation and symbols.
   *
   * @param codePoint any
   * @return whether it is punctuation
   */
  public static boolean isPunctuation(int codePoint) {
    if (codePoint < 0x80) {
      return codePoint > ' ' && codePoint < 0x7F && !Character.isLetterOrDigit(codePoint);
    }
    // Both were punctuation once, and are a symbol and a mark now.
    return (PUNCTUATION >> Character.getType(codePoint) & 1) != 0
            && !UnicodeGaps.NOT_YET_PUNCTUATION.contains(codePoint)
        || codePoint == 0x166D
        || codePoint == 0x111C9;
  }
}
