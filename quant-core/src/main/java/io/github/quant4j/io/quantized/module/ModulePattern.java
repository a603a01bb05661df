// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.json.JsonException;
import java.util.function.Predicate;
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
public final class ModulePattern {
  /** The class name that stands for all linear layers. */
  public static final String LINEAR = "Linear";

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
   * @param text a name, or an expression with {@code re:} before it
   * @return the pattern
   * @throws JsonException if the expression is not one
   */
  public static ModulePattern parse(String text) {
    return text.startsWith(EXPRESSION)
        ? expression(text, text.substring(EXPRESSION.length()))
        : new ModulePattern(text, null);
  }

  /**
   * Reads an expression.
   *
   * @param text what messages call it
   * @param regex the expression
   * @return the pattern
   * @throws JsonException if it is none
   */
  public static ModulePattern expression(String text, String regex) {
    if (text.length() > LONGEST_EXPRESSION) {
      throw new JsonException(
          "'" + text.substring(0, 40) + "...': an expression of " + text.length() + " characters");
    }
    try {
      return new ModulePattern(text, Pattern.compile(regex));
    } catch (PatternSyntaxException | StackOverflowError e) {
      throw new JsonException("'" + text + "' is not a regular expression", e);
    }
  }

  /**
   * The pattern as the config has it.
   *
   * @return the text
   */
  public String text() {
    return text;
  }

  /**
   * Whether this is a module's name.
   *
   * @param module the name
   * @return true if this is no expression, and equal
   */
  public boolean isName(String module) {
    return expression == null && text.equals(module);
  }

  /**
   * Whether this is the class of all linear layers.
   *
   * @return true for {@code Linear}
   */
  public boolean isLinear() {
    return expression == null && text.equals(LINEAR);
  }

  /**
   * Whether this is an expression.
   *
   * @return false for a name
   */
  public boolean isExpression() {
    return expression != null;
  }

  /**
   * Whether the expression matches from the start of a name.
   *
   * @param module the name
   * @return false if this is no expression
   * @throws JsonException if that takes too long
   */
  public boolean expressionMatches(String module) {
    return matches(module, Matcher::lookingAt);
  }

  /**
   * Whether the expression matches anywhere in a name.
   *
   * @param module the name
   * @return false if this is no expression
   * @throws JsonException if that takes too long
   */
  public boolean expressionIsFoundIn(String module) {
    return matches(module, Matcher::find);
  }

  private boolean matches(String module, Predicate<Matcher> how) {
    if (expression == null) {
      return false;
    }
    Matcher matcher = expression.matcher(new CountedText(module, new int[] {MOST_STEPS}));
    try {
      return how.test(matcher);
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
