// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes numbers that are spelled out in digits, as Whisper's normalization for English does:
 * {@code twenty one dollars} becomes {@code $21}, {@code nineteen sixties} {@code 1960s}, {@code
 * one oh one} {@code 101}, {@code two and a half million} {@code 2500000}.
 */
final class EnglishNumbers {
  private static final int UNICODE = Pattern.UNICODE_CHARACTER_CLASS;
  private static final Pattern SPACES = Pattern.compile("\\s+", UNICODE);
  private static final Pattern HALF = Pattern.compile("\\band\\s+a\\s+half\\b", UNICODE);
  private static final Pattern LETTER_DIGIT = Pattern.compile("([a-z])([0-9])");
  private static final Pattern DIGIT_LETTER = Pattern.compile("([0-9])([a-z])");
  private static final Pattern SUFFIX = Pattern.compile("([0-9])\\s+(st|nd|rd|th|s)\\b", UNICODE);
  private static final Pattern CENTS =
      Pattern.compile("([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\\b", UNICODE);
  private static final Pattern CENTS_ALONE = Pattern.compile("[€£$]0.([0-9]{1,2})\\b", UNICODE);
  private static final Pattern ONE = Pattern.compile("\\b1(s?)\\b", UNICODE);

  EnglishNumbers() {}

  /** The words of a text, which white space divides. */
  static String[] words(String text) {
    return Arrays.stream(SPACES.split(text)).filter(word -> !word.isEmpty()).toArray(String[]::new);
  }

  String normalize(String text) {
    String numbers = String.join(" ", new NumberParser(words(prepared(text))).parse());
    String joined = CENTS.matcher(numbers).replaceAll(EnglishNumbers::combined);
    joined =
        CENTS_ALONE.matcher(joined).replaceAll(match -> "¢" + Integer.parseInt(match.group(1)));
    return ONE.matcher(joined).replaceAll("one$1");
  }

  private static String combined(MatchResult match) {
    int cents = Integer.parseInt(match.group(3));
    return Matcher.quoteReplacement(match.group(1))
        + match.group(2)
        + "."
        + (cents < 10 ? "0" : "")
        + cents;
  }

  /** Halves become decimals, and digits are set apart from letters that are not their end. */
  private static String prepared(String text) {
    List<String> results = new ArrayList<>();
    String[] segments = HALF.split(text, -1);
    for (int i = 0; i < segments.length; i++) {
      String[] words = words(segments[i]);
      if (words.length == 0) {
        continue;
      }
      results.add(segments[i]);
      if (i < segments.length - 1) {
        String last = words[words.length - 1];
        boolean isNumber =
            NumberWords.DECIMALS.contains(last) || NumberWords.MULTIPLIERS.containsKey(last);
        results.add(isNumber ? "point five" : "and a half");
      }
    }
    String joined = String.join(" ", results);
    joined = LETTER_DIGIT.matcher(joined).replaceAll("$1 $2");
    joined = DIGIT_LETTER.matcher(joined).replaceAll("$1 $2");
    return SUFFIX.matcher(joined).replaceAll("$1$2");
  }
}
