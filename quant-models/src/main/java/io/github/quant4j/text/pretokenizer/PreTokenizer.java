// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.pretokenizer;

import io.github.quant4j.text.normalizer.NormalizedText;

/** Splits a text, and may change what it splits. Immutable and thread-safe. */
@FunctionalInterface
public interface PreTokenizer {
  /**
   * Splits a piece.
   *
   * @param piece not empty
   * @param out receives the parts, none of them empty
   */
  void split(NormalizedText piece, PieceConsumer out);
}
