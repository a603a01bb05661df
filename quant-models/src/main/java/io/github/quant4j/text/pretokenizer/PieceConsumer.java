// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.pretokenizer;

import io.github.quant4j.text.normalizer.NormalizedText;

/** Receives the pieces of a text in order; none is empty. */
@FunctionalInterface
public interface PieceConsumer {
  /**
   * Takes the next piece.
   *
   * @param piece not empty
   */
  void accept(NormalizedText piece);
}
