// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;

/**
 * A text that a regular expression can look at so many times, as files may come with expressions
 * that backtrack for ever. Counting looks is the only limit that the JDK's matcher obeys.
 */
final class CountedText implements CharSequence {
  private static final long FREE_STEPS = 10_000_000;
  private static final long STEPS_FOR_EACH_CHARACTER = 10_000;
  private static final long USUAL_STEPS = 1_000_000;
  private static final long USUAL_STEPS_FOR_EACH_CHARACTER = 100;
  private static final long STEPS_BETWEEN_CHECKS = 1 << 16;

  private final String text;
  private final Pattern pattern;
  private final long limit;
  private long steps;
  private long nextCheck;

  CountedText(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
    this.limit = FREE_STEPS + STEPS_FOR_EACH_CHARACTER * text.length();
    this.nextCheck = USUAL_STEPS + USUAL_STEPS_FOR_EACH_CHARACTER * text.length();
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public char charAt(int index) {
    if (++steps >= nextCheck) {
      check();
    }
    return text.charAt(index);
  }

  private void check() {
    nextCheck = steps + STEPS_BETWEEN_CHECKS;
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted while matching " + named());
    }
    if (steps >= limit) {
      throw new IllegalArgumentException(
          "text: "
              + named()
              + " takes more than "
              + limit
              + " steps for "
              + text.length()
              + " characters; it backtracks too much. Split the text, or use another tokenizer.json"
              + " if it is not your text that is unusual");
    }
  }

  private String named() {
    String expression = pattern.pattern();
    return "the regular expression '"
        + (expression.length() > 100 ? expression.substring(0, 100) + "..." : expression)
        + "' of the tokenizer";
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return text.subSequence(start, end);
  }

  @Override
  public String toString() {
    return text;
  }
}
