// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** What {@link TextNormalizer#basic} says. */
final class BasicNormalizer implements TextNormalizer {
  private static final Pattern BRACKETS = Pattern.compile("[<\\[][^>\\]]*[>\\]]");
  private static final Pattern PARENTHESES = Pattern.compile("\\(([^)]+?)\\)");
  private static final Pattern SPACES = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

  /** Letters that the decomposition leaves alone. */
  private static final Map<Integer, String> LETTERS =
      Map.ofEntries(
          Map.entry((int) 'œ', "oe"),
          Map.entry((int) 'Œ', "OE"),
          Map.entry((int) 'ø', "o"),
          Map.entry((int) 'Ø', "O"),
          Map.entry((int) 'æ', "ae"),
          Map.entry((int) 'Æ', "AE"),
          Map.entry((int) 'ß', "ss"),
          Map.entry((int) 'ẞ', "SS"),
          Map.entry((int) 'đ', "d"),
          Map.entry((int) 'Đ', "D"),
          Map.entry((int) 'ð', "d"),
          Map.entry((int) 'Ð', "D"),
          Map.entry((int) 'þ', "th"),
          Map.entry((int) 'Þ', "th"),
          Map.entry((int) 'ł', "l"),
          Map.entry((int) 'Ł', "L"));

  @Override
  public String normalize(String text) {
    String kept = withoutAsides(text.toLowerCase(Locale.ROOT));
    return oneSpace(withoutSymbols(kept).toLowerCase(Locale.ROOT));
  }

  /** Drops what stands in brackets or parentheses. */
  static String withoutAsides(String text) {
    return PARENTHESES.matcher(BRACKETS.matcher(text).replaceAll("")).replaceAll("");
  }

  static String oneSpace(String text) {
    return SPACES.matcher(text).replaceAll(" ");
  }

  private static String withoutSymbols(String text) {
    StringBuilder result = new StringBuilder();
    Normalizer.normalize(text, Normalizer.Form.NFKC)
        .codePoints()
        .forEach(point -> result.appendCodePoint(isSymbol(point) ? ' ' : point));
    return result.toString();
  }

  /** Drops diacritics too, and keeps some symbols. */
  static String withoutSymbolsAndDiacritics(String text, String kept) {
    StringBuilder result = new StringBuilder();
    Normalizer.normalize(text, Normalizer.Form.NFKD)
        .codePoints()
        .forEach(
            point -> {
              String letter = LETTERS.get(point);
              if (kept.indexOf(point) >= 0) {
                result.appendCodePoint(point);
              } else if (letter != null) {
                result.append(letter);
              } else if (Character.getType(point) != Character.NON_SPACING_MARK) {
                result.appendCodePoint(isSymbol(point) ? ' ' : point);
              }
            });
    return result.toString();
  }

  /** The categories M, S and P. */
  private static boolean isSymbol(int point) {
    return switch (Character.getType(point)) {
      case Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.MODIFIER_SYMBOL,
          Character.OTHER_SYMBOL,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.CONNECTOR_PUNCTUATION,
          Character.OTHER_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION ->
          true;
      default -> false;
    };
  }
}
