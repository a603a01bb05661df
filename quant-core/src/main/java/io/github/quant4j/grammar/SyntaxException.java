// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

/**
 * A text that cannot be read. The message says where, what was found and what was expected; of a
 * long text it quotes the part around the place.
 */
public class SyntaxException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String text;
  private final int position;
  private final String word;
  private final String problem;

  /**
   * A text that cannot be read.
   *
   * @param kind what the text should be, such as {@code recipe}
   * @param text the whole text
   * @param position where the offending word starts
   * @param word the offending word, empty if something is missing
   * @param problem what was found and what was expected
   */
  public SyntaxException(String kind, String text, int position, String word, String problem) {
    super(kind + " '" + Excerpt.around(text, position) + "', at " + position + ": " + problem);
    this.text = text;
    this.position = position;
    this.word = word;
    this.problem = problem;
  }

  /**
   * The whole text.
   *
   * @return as it was given
   */
  public final String text() {
    return text;
  }

  /**
   * Where the offending word starts.
   *
   * @return from 0, up to the length of the text if something is missing at the end
   */
  public final int position() {
    return position;
  }

  /**
   * The offending word.
   *
   * @return empty if something is missing
   */
  public final String word() {
    return word;
  }

  /**
   * What was found and what was expected, without the text and the place.
   *
   * @return part of the message
   */
  public final String problem() {
    return problem;
  }
}
