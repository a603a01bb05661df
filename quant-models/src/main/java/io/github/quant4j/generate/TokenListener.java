// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

/** Hears of tokens as they are written. */
@FunctionalInterface
public interface TokenListener {

  /**
   * Called for each new token.
   *
   * @param token the token
   * @return whether to go on
   */
  boolean written(int token);

  /**
   * Hears nothing.
   *
   * @return a listener that always wants to go on
   */
  static TokenListener none() {
    return token -> true;
  }
}
