// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.concurrent.CancellationException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What a tokenizer file calls a pattern: a literal text or a regular expression in the syntax of <a
 * href="https://github.com/kkos/oniguruma/blob/master/doc/RE">Oniguruma</a>. Immutable.
 */
public final class TextPattern {
  private final String literal;
  private final Pattern pattern;

  private TextPattern(String literal, Pattern pattern) {
    this.literal = literal;
    this.pattern = pattern;
  }

  /**
   * A literal text.
   *
   * @param text what to find
   * @return the pattern
   */
  public static TextPattern literal(String text) {
    return new TextPattern(text, Pattern.compile(text, Pattern.LITERAL));
  }

  /**
   * A regular expression.
   *
   * @param expression in Oniguruma's syntax
   * @return the pattern
   * @throws IllegalArgumentException if it is malformed, or uses what is not supported
   */
  public static TextPattern regex(String expression) {
    try {
      return new TextPattern("", Pattern.compile(OnigurumaTranslator.translate(expression)));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "the regular expression '" + expression + "' is not supported: " + e.getDescription(), e);
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          "a regular expression of "
              + expression.length()
              + " characters is too deep to be compiled with the stack of this thread",
          e);
    }
  }

  /**
   * Reads the member {@code pattern} of a section: {@code {"String": ...}} or {@code {"Regex":
   * ...}}.
   *
   * @param section the section that has it
   * @return the pattern
   * @throws IllegalArgumentException if it is missing, malformed or not supported
   */
  public static TextPattern read(Section section) {
    Section pattern = section.section("pattern");
    if (pattern.value().members().size() == 1) {
      JsonValue string = pattern.value().members().get("String");
      if (string != null) {
        return literal(pattern.string("String"));
      }
      JsonValue regex = pattern.value().members().get("Regex");
      if (regex != null) {
        try {
          return regex(pattern.string("Regex"));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              pattern.error(String.valueOf(e.getMessage())).getMessage(), e);
        }
      }
    }
    throw pattern.error("expected a single member, 'String' or 'Regex'");
  }

  /**
   * The text, if this pattern is a literal.
   *
   * @return the text, or an empty text for a regular expression
   */
  public String literal() {
    return literal;
  }

  /**
   * Cuts a text into matches and what lies between. An empty match directly behind another match
   * does not count.
   *
   * <p>An expression may look at the characters ten million times, and ten thousand times more for
   * each character of the text; usual ones take ten to fifty. One that has looked at each more than
   * a hundred times ends when its thread is interrupted.
   *
   * @param text well-formed UTF-16
   * @param out receives the parts; none for an empty text
   * @throws IllegalArgumentException if a run of the text is so long that matching a repeated group
   *     needs more stack than the thread has, or the expression takes too many steps
   * @throws CancellationException if the thread is interrupted while an expression takes unusually
   *     many steps; the thread stays interrupted
   */
  public void spans(String text, SpanConsumer out) {
    int done = 0;
    if (!literal.isEmpty()) {
      int step = literal.length();
      for (int at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, done)) {
        if (at > done) {
          out.accept(done, at, false);
        }
        done = at + step;
        out.accept(at, done, true);
      }
    } else if (!text.isEmpty()) {
      Matcher matcher = pattern.matcher(new CountedText(text, pattern));
      int last = -1;
      boolean found = find(matcher, text, 0);
      while (found) {
        int start = matcher.start();
        int end = matcher.end();
        if (start < end || start != last) {
          if (start > done) {
            out.accept(done, start, false);
          }
          out.accept(start, end, true);
          done = end;
          last = end;
          found = find(matcher, text, end);
        } else {
          // The next search starts a whole character further, never within a surrogate pair.
          found = start < text.length() && find(matcher, text, text.offsetByCodePoints(start, 1));
        }
      }
    }
    if (done < text.length()) {
      out.accept(done, text.length(), false);
    }
  }

  private static boolean find(Matcher matcher, String text, int from) {
    try {
      boolean found = matcher.find(from);
      // Java may try an assertion between the surrogates of a pair, where there is no place.
      while (found && splitsPair(text, matcher.start())) {
        found = matcher.find(matcher.start() + 1);
      }
      return found;
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          "text: a repeated group of the regular expression "
              + matcher.pattern()
              + " matches a run that is too long for the stack of this thread",
          e);
    }
  }

  private static boolean splitsPair(String text, int at) {
    return at > 0
        && at < text.length()
        && Character.isLowSurrogate(text.charAt(at))
        && Character.isHighSurrogate(text.charAt(at - 1));
  }
}
