// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.vocabulary;

/**
 * What a tokenizer file calls a model: it turns words into tokens of its vocabulary. Thread-safe;
 * each thread takes an {@linkplain #encoder encoder} of its own.
 */
public interface WordModel {

  /**
   * The tokens of the model.
   *
   * @return the vocabulary
   */
  Vocabulary vocabulary();

  /**
   * Makes an encoder for one thread.
   *
   * @param ids receives the ids of the words
   * @return the encoder
   */
  WordEncoder encoder(IntList ids);
}
