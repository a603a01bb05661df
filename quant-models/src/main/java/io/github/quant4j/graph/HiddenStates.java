// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * What flows from block to block: the residual stream of a batch.
 *
 * @param values one row for each token, {@code [tokens, width]}
 * @param layout how the rows fall into sequences
 */
public record HiddenStates(FloatMatrix values, SequenceLayout layout) {

  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if there are not as many rows as tokens
   */
  public HiddenStates {
    if (values.rows() != layout.tokens()) {
      throw new IllegalArgumentException(
          "values: " + values + ", expected " + layout.tokens() + " rows for " + layout);
    }
  }
}
