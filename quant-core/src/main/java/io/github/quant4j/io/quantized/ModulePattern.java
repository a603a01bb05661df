// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.json.JsonException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * What a config says of modules: a name, {@code re:} and a regular expression that must match from
 * the start of the name, or the class name {@code Linear}.
 *
 * <p>Expressions come from files. A match that takes more than a million steps is given up, so that
 * a hostile one cannot hang the reader.
 */
final class ModulePattern {
  /** The class name that stands for all linear layers. */
  static final String LINEAR = "Linear";

  private static final String EXPRESSION = "re:";
  private static final int LONGEST_EXPRESSION = 10_000;
  private static final int MOST_STEPS = 1_000_000;

  private final String text;
  private final @Nullable Pattern expression;

  private ModulePattern(String text, @Nullable Pattern expression) {
    this.text = text;
    this.expression = expression;
  }

  /**
   * Reads a pattern.
   *
   * @throws JsonException if the expression is not one
   */
  static ModulePattern parse(String text) {
    if (!text.startsWith(EXPRESSION)) {
      return new ModulePattern(text, null);
    }
    if (text.length() > LONGEST_EXPRESSION) {
      throw new JsonException(
          "'" + text.substring(0, 40) + "...': an expression of " + text.length() + " characters");
    }
    try {
      return new ModulePattern(text, Pattern.compile(text.substring(EXPRESSION.length())));
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw new JsonException("'" + text + "' is not a regular expression", e);
    }
  }

  String text() {
    return text;
  }

  boolean isName(String module) {
    return expression == null && text.equals(module);
  }

  boolean isLinear() {
    return expression == null && text.equals(LINEAR);
  }

  boolean isExpression() {
    return expression != null;
  }

  /** Whether the expression matches; false for a name. */
  boolean expressionMatches(String module) {
    if (expression == null) {
      return false;
    }
    Matcher matcher = expression.matcher(new CountedText(module, new int[] {MOST_STEPS}));
    try {
      return matcher.lookingAt();
    } catch (StackOverflowError e) {
      throw new JsonException("'" + text + "' is too deeply nested to match '" + module + "'", e);
    }
  }

  /** A text that can be looked at so many times. */
  private record CountedText(String text, int[] left) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (left[0]-- <= 0) {
        throw new JsonException("a pattern takes too long to match '" + text + "'");
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new CountedText(text.substring(start, end), left);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
