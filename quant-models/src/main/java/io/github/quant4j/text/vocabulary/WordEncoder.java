// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.vocabulary;

/** Encodes words one after the other. Not thread-safe. */
public interface WordEncoder {

  /**
   * Encodes a word: appends its ids to those of the words before.
   *
   * @param text the word, not empty
   * @throws IllegalArgumentException if a character has no token, and neither has the unknown one
   */
  void encode(String text);
}
