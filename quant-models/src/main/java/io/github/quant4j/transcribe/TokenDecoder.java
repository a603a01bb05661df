// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import io.github.quant4j.tensor.FloatMatrix;

/** A model that writes down speech, token by token. Implementations are thread-safe. */
public interface TokenDecoder {

  /**
   * The number of tokens.
   *
   * @return columns of predictions
   */
  int vocabularySize();

  /**
   * The longest text.
   *
   * @return tokens, the prompt included
   */
  int maximumPositions();

  /**
   * Predicts every token of a text from those before it, in one pass.
   *
   * @param text the features of one window, and at least one token
   * @return logits {@code [tokens, vocabulary]}: in each row those of the token that comes next
   * @throws IllegalArgumentException if the features or the tokens are not of this model
   */
  FloatMatrix predict(SpokenText text);

  /**
   * Takes in a window.
   *
   * <p>Cost: the projections of the features for all blocks, once.
   *
   * @param features what the encoder makes of a window, {@code [frames, width]}
   * @return the window, about which any number of texts can be begun
   * @throws IllegalArgumentException if the features are not of this model
   */
  Window listen(FloatMatrix features);

  /** A window of speech that has been taken in. Thread-safe. */
  interface Window {

    /**
     * Begins texts about the window.
     *
     * @param texts how many texts are written side by side, at least 1
     * @return the session
     * @throws IllegalArgumentException if the number is out of range
     */
    Session begin(int texts);
  }

  /** Texts about one window that grow. Not thread-safe. */
  interface Session {

    /**
     * Appends tokens.
     *
     * @param tokens for each text those that it goes on with, perhaps none
     * @return logits of the next token of each text, {@code [texts, vocabulary]}, valid until the
     *     next call; those of a text that got no tokens are as they were
     * @throws IllegalArgumentException if a token is not in the vocabulary, there are not as many
     *     texts as the session has, or a text becomes longer than the model allows
     */
    float[] append(int[][] tokens);

    /**
     * Lets every text go on from where another one stands, as beams do.
     *
     * @param parents for each text the one that it continues
     * @throws IllegalArgumentException if there is no such text
     */
    void reorder(int[] parents);
  }
}
