// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/**
 * Receives the texts of tokens, each in one or more chunks. A decoder is a chain of such sinks, so
 * that what is complete comes out at once and decoding a stream is the same as decoding an array.
 * Not thread-safe.
 */
public interface TokenSink {
  /**
   * Takes a chunk of the current token.
   *
   * @param chunk well-formed UTF-16
   */
  void text(CharSequence chunk);

  /** Ends the current token. */
  void endToken();

  /** Ends the text; all tokens are ended. */
  void endText();
}
