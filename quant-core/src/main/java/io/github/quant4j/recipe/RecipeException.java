// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.grammar.SyntaxException;

/** A text that is no recipe. The message says where, what was found and what was expected. */
@Stable
public final class RecipeException extends SyntaxException {
  private static final long serialVersionUID = 1L;

  RecipeException(SyntaxException cause) {
    this(cause, cause.problem());
  }

  RecipeException(SyntaxException cause, String problem) {
    super("recipe", cause.text(), cause.position(), cause.word(), problem);
    initCause(cause);
  }

  /**
   * The whole text.
   *
   * @return as it was given
   */
  public String recipe() {
    return text();
  }
}
