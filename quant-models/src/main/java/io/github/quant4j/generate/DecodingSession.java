// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

/**
 * Several texts on their way through a model, which remembers what it has seen of them. Not
 * thread-safe.
 */
public interface DecodingSession {

  /**
   * The number of texts.
   *
   * @return at least 1
   */
  int sequences();

  /**
   * The tokens of a text so far.
   *
   * @param sequence from 0
   * @return their number
   */
  int length(int sequence);

  /**
   * Appends tokens to each text and predicts what follows.
   *
   * @param tokens for each text its next tokens; none leaves the text alone
   * @return the logits after each text's last token, row-major {@code [sequences, vocabulary]}; the
   *     rows of texts without tokens are arbitrary. The array is overwritten by the next call
   * @throws IllegalArgumentException if there are not as many arrays as texts, a token is not in
   *     the vocabulary, or a text exceeds the session's capacity
   */
  float[] append(int[][] tokens);
}
