// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions that backtrack for ever end, and usual ones do not notice the limit. */
@Timeout(60)
class TextPatternTest {
  private static int matches(String expression, String text) {
    int[] count = new int[1];
    TextPattern.regex(expression).spans(text, (_, _, matched) -> count[0] += matched ? 1 : 0);
    return count[0];
  }

  @ParameterizedTest
  @CsvSource({"(?:a+){60}b, 91", "a*a*a*a*a*a*b, 2000"})
  void expressionsThatBacktrackForEverAreStopped(String expression, int length) {
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> matches(expression, "a".repeat(length) + "c"))
            .getMessage();
    assertTrue(message.contains(expression) && message.contains("steps"), message);
    assertTrue(message.contains(length + 1 + " characters"), message);
  }

  /** Those of GPT-2, GPT-4 and Qwen, and one that looks ahead over a whole number. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "\\d{1,3}(?=(?:\\d{3})*\\b)"
      })
  void longTextsStayWithinTheLimit(String expression) {
    String text = "The harbour's 1234567 boats  waited\n\n for 12, or more... ".repeat(2000);
    assertTrue(matches(expression, text) >= 8_000);
    assertTrue(matches(expression, "7".repeat(10_000)) >= 1);
    assertTrue(matches(expression, " ".repeat(10_000) + "1") >= 1);
  }

  @Test
  void interruptsEndOnlyWhatIsUnusual() {
    Thread.currentThread().interrupt();
    try {
      assertEquals(40_000, matches("[a-z]+", "harbour 12 ".repeat(40_000)));
      assertThrows(CancellationException.class, () -> matches("(a+)+b", "a".repeat(200_000) + "c"));
    } finally {
      assertTrue(Thread.interrupted());
    }
  }
}
