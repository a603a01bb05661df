// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of a text that knows where it stands, so that whatever is wrong with it can be located.
 * White space at its ends does not belong to it. Immutable.
 */
public final class Phrase {
  private final String kind;
  private final String source;
  private final int start;
  private final int end;

  private Phrase(String kind, String source, int from, int to) {
    int first = from;
    int last = to;
    while (first < last && Character.isWhitespace(source.charAt(first))) {
      first++;
    }
    while (last > first && Character.isWhitespace(source.charAt(last - 1))) {
      last--;
    }
    this.kind = kind;
    this.source = source;
    this.start = first;
    this.end = last;
  }

  /**
   * A whole text.
   *
   * @param kind what it should be, such as {@code recipe}, for messages
   * @param text the text
   * @return all of it
   * @throws SyntaxException if its parentheses do not match
   */
  public static Phrase of(String kind, String text) {
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      depth = depth(depth, text.charAt(i));
      if (depth < 0) {
        throw new SyntaxException(kind, text, i, ")", "')' closes nothing");
      }
    }
    if (depth > 0) {
      throw new SyntaxException(kind, text, text.length(), "", "')' is missing");
    }
    return new Phrase(kind, text, 0, text.length());
  }

  private static int depth(int depth, char c) {
    return depth + (c == '(' ? 1 : c == ')' ? -1 : 0);
  }

  /**
   * The characters.
   *
   * @return without white space at both ends
   */
  public String text() {
    return source.substring(start, end);
  }

  /**
   * Where the phrase starts in the whole text.
   *
   * @return from 0
   */
  public int position() {
    return start;
  }

  /**
   * Whether there is nothing.
   *
   * @return true if the phrase has no characters
   */
  public boolean isEmpty() {
    return start == end;
  }

  /**
   * Whether the phrase is a given text.
   *
   * @param text the text
   * @return true if the characters are the same
   */
  public boolean is(String text) {
    return text.length() == end - start && source.startsWith(text, start);
  }

  /**
   * What stands before the first parenthesis, or all if there is none.
   *
   * @return the name if this is a word with arguments
   */
  public Phrase head() {
    int open = source.indexOf('(', start, end);
    return open < 0 ? this : new Phrase(kind, source, start, open);
  }

  /**
   * A part of the phrase.
   *
   * @param from first character, relative to the phrase
   * @param to after the last one
   * @return what stands between
   */
  public Phrase part(int from, int to) {
    return new Phrase(kind, source, start + from, start + to);
  }

  /**
   * A part of the phrase, up to its end.
   *
   * @param from first character, relative to the phrase
   * @return what stands there
   */
  public Phrase from(int from) {
    return new Phrase(kind, source, start + from, end);
  }

  /**
   * A longer phrase.
   *
   * @param last one of the same text that ends later
   * @return from the start of this one to the end of the other
   */
  public Phrase to(Phrase last) {
    return new Phrase(kind, source, start, last.end);
  }

  /**
   * The parts between separators; those inside parentheses do not count.
   *
   * @param separators characters to split at
   * @return at least one, which may be empty
   */
  public List<Phrase> split(String separators) {
    List<Phrase> parts = new ArrayList<>();
    int depth = 0;
    int first = start;
    for (int i = start; i < end; i++) {
      char c = source.charAt(i);
      depth = depth(depth, c);
      if (depth == 0 && separators.indexOf(c) >= 0) {
        parts.add(new Phrase(kind, source, first, i));
        first = i + 1;
      }
    }
    parts.add(new Phrase(kind, source, first, end));
    return parts;
  }

  /**
   * The parts between white space; that inside parentheses does not count.
   *
   * @return without empty ones
   */
  public List<Phrase> words() {
    List<Phrase> words = new ArrayList<>();
    int depth = 0;
    int first = start;
    for (int i = start; i <= end; i++) {
      depth = i < end ? depth(depth, source.charAt(i)) : 0;
      if (i == end || depth == 0 && Character.isWhitespace(source.charAt(i))) {
        if (i > first) {
          words.add(new Phrase(kind, source, first, i));
        }
        first = i + 1;
      }
    }
    return words;
  }

  /**
   * The separator before the phrase, if it came from {@link #split}.
   *
   * @return the nearest character before that is no white space, or a space at the start of the
   *     text
   */
  public char mark() {
    for (int i = start - 1; i >= 0; i--) {
      if (!Character.isWhitespace(source.charAt(i))) {
        return source.charAt(i);
      }
    }
    return ' ';
  }

  /**
   * The arguments of a word.
   *
   * @return what stands in parentheses after the name, between commas; none without parentheses
   * @throws SyntaxException if the phrase is not a name in lower case, with parentheses behind it
   *     if any
   */
  List<Phrase> arguments() {
    Phrase name = head();
    if (!name.text().matches("[a-z][a-z0-9?-]*")) {
      throw notAWord();
    }
    int open = source.indexOf('(', start, end);
    if (open < 0) {
      return List.of();
    }
    int depth = 0;
    for (int i = open; i < end; i++) {
      depth = depth(depth, source.charAt(i));
      if (depth == 0 && i < end - 1) {
        throw notAWord();
      }
    }
    Phrase inside = new Phrase(kind, source, open + 1, end - 1);
    return inside.isEmpty() ? List.of() : inside.split(",");
  }

  private SyntaxException notAWord() {
    return error(
        quoted()
            + ": expected a name in lower case, with arguments in parentheses if any, such as"
            + " gptq(act-order)");
  }

  /**
   * The phrase for a message.
   *
   * @return in quotation marks, cut if it is long
   */
  public String quoted() {
    return quoted(text());
  }

  /**
   * Any text for a message.
   *
   * @param text the text
   * @return in quotation marks, cut if it is long
   */
  public static String quoted(String text) {
    return "'" + Excerpt.start(text, Excerpt.MOST_OF_WORD) + "'";
  }

  /**
   * A complaint about the phrase.
   *
   * @param problem what was found and what was expected
   * @return what to throw
   */
  public SyntaxException error(String problem) {
    return new SyntaxException(kind, source, start, text(), problem);
  }

  /**
   * A complaint about the phrase by what it stands for.
   *
   * @param cause what the constructor of the value has thrown
   * @return what to throw; the cause itself if it is located already
   */
  public SyntaxException error(IllegalArgumentException cause) {
    if (cause instanceof SyntaxException located) {
      return located;
    }
    SyntaxException error =
        error(Excerpt.start(String.valueOf(cause.getMessage()), Excerpt.MOST_OF_MESSAGE));
    error.initCause(cause);
    return error;
  }

  /** The characters, for the debugger. */
  @Override
  public String toString() {
    return text();
  }
}
