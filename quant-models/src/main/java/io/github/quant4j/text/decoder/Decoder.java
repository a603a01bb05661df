// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/** Turns the texts of tokens, as the vocabulary spells them, into readable text. Immutable. */
@FunctionalInterface
public interface Decoder {
  /**
   * Starts to decode a text.
   *
   * @param next receives what is decoded
   * @param eager whether characters are sent on as soon as they are complete, even where later
   *     bytes can prove that all of a run of bytes was ill-formed
   * @return takes the tokens
   */
  TokenSink open(TokenSink next, boolean eager);
}
