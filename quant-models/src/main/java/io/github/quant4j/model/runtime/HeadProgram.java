// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

/** What a decoder does between its last block and the logits: the final norm, then the head. */
public interface HeadProgram extends BlockProgram {
  /**
   * Normalizes hidden states as the head reads them.
   *
   * @param hidden hidden states, {@code [rows, hidden size]} from the offset on
   * @param offset where the first row begins
   * @param rows number of rows
   * @param target gets the normalized rows from its beginning
   */
  void normalize(float[] hidden, int offset, int rows, float[] target);

  /**
   * Makes logits of normalized states.
   *
   * @param normalized what {@link #normalize} gives
   * @param rows number of rows
   * @param target gets {@code [rows, vocabulary]}
   */
  void logits(float[] normalized, int rows, float[] target);
}
