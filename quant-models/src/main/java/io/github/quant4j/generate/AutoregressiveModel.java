// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import java.util.List;
import java.util.OptionalInt;

/** A model that predicts the next token. Thread-safe; its sessions are not. */
public interface AutoregressiveModel {

  /**
   * The number of tokens.
   *
   * @return tokens are 0 to this less one
   */
  int vocabularySize();

  /**
   * The longest text that the model can read.
   *
   * @return the most tokens of a text, at least 1; {@link Integer#MAX_VALUE} if there is no limit
   */
  default int maximumPositions() {
    return Integer.MAX_VALUE;
  }

  /**
   * The token that begins a text.
   *
   * @return the token, or empty if the model has none
   */
  OptionalInt beginToken();

  /**
   * The tokens that end a text.
   *
   * @return may be empty
   */
  List<Integer> endTokens();

  /**
   * Begins texts.
   *
   * @param sequences how many texts are written side by side, at least 1
   * @param capacity the most tokens that each can have, at least 1
   * @return a session in which nothing has been written yet
   * @throws IllegalArgumentException if a number is too small, or the session's memory would exceed
   *     what arrays can hold
   */
  DecodingSession decode(int sequences, int capacity);
}
