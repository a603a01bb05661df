// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import io.github.quant4j.annotation.Stable;

/** Hears of text as it is written. */
@Stable
@FunctionalInterface
public interface TextListener {

  /**
   * Called whenever characters are complete, which may take several tokens.
   *
   * @param text the next characters, well-formed UTF-16, at least one
   * @return whether to go on
   */
  boolean written(String text);

  /**
   * Hears nothing.
   *
   * @return a listener that always wants to go on
   */
  static TextListener none() {
    return text -> true;
  }
}
