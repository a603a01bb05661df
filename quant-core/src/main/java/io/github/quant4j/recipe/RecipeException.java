// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

/** A text that is no recipe. The message says where, what was found and what was expected. */
public final class RecipeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String recipe;
  private final int position;
  private final String word;

  RecipeException(String recipe, int position, String word, String problem) {
    super("recipe '" + recipe + "', at " + position + ": " + problem);
    this.recipe = recipe;
    this.position = position;
    this.word = word;
  }

  /**
   * The whole text.
   *
   * @return as it was given
   */
  public String recipe() {
    return recipe;
  }

  /**
   * Where the offending word starts.
   *
   * @return from 0, up to the length of the text if something is missing at the end
   */
  public int position() {
    return position;
  }

  /**
   * The offending word.
   *
   * @return empty if something is missing
   */
  public String word() {
    return word;
  }
}
