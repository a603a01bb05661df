// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.config;

import io.github.quant4j.annotation.Stable;
import java.util.List;
import java.util.OptionalInt;

/** What every language model says about itself, whatever its family. */
@Stable
public interface ModelDescription {
  /**
   * The architecture's name.
   *
   * @return as config.json gives it, for example {@code LlamaForCausalLM}
   */
  String architecture();

  /**
   * The number of tokens that the model knows.
   *
   * @return the length of a row of logits
   */
  int vocabularySize();

  /**
   * The width of the residual stream.
   *
   * @return channels of a hidden state
   */
  int hiddenSize();

  /**
   * The number of decoder blocks.
   *
   * @return at least 1
   */
  int layers();

  /**
   * The longest context that the model was made for.
   *
   * @return tokens
   */
  int maximumPositions();

  /**
   * Whether the head uses the embeddings as its weights.
   *
   * @return true if it has none of its own
   */
  boolean tiedEmbeddings();

  /**
   * The token that begins a text.
   *
   * @return a token number, if there is one
   */
  OptionalInt beginToken();

  /**
   * The tokens that end a text.
   *
   * @return token numbers; may be empty
   */
  List<Integer> endTokens();
}
