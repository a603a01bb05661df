// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.Operand;
import io.github.quant4j.model.config.ModelDescription;
import io.github.quant4j.model.config.ModelOptions;
import java.util.List;

/**
 * A decoder of any family as {@link DecoderEngine} runs it: embeddings, blocks that are opened once
 * and kept, and a head whose program is a {@link HeadProgram}.
 */
public interface DecoderModel extends BlockModel<int[]> {
  @Override
  default List<MatrixProduct> embeddingProducts(long tokens) {
    return List.of(
        MatrixProduct.ofLookup("embeddings", description().hiddenSize(), tokens, Operand.FULL));
  }

  /** The model's shape. */
  ModelDescription description();

  /** What the model runs with. */
  ModelOptions options();

  /** Opens a block, with its weights on the heap or where they are mapped. */
  OpenBlock openBlock(int index, boolean heap);

  /** Opens the head, with its weights on the heap or where they are mapped. */
  OpenBlock openHeadBlock(boolean heap);

  /**
   * Refuses tokens that are not in the vocabulary.
   *
   * @throws IllegalArgumentException if there is one
   */
  void requireTokens(int[] tokens);

  /**
   * Refuses more positions than the model was made for, unless its options allow them.
   *
   * @param what the argument, for the message
   * @throws IllegalArgumentException if they are too many
   */
  void requirePositions(String what, int positions);

  /** How many positions texts may have with the model's options. */
  int maximumPositions();

  /** What is odd about the model's files without keeping it from running. */
  List<String> warnings();

  /**
   * Puts the embeddings of some tokens into rows.
   *
   * @param position of the first of them in its text
   */
  void embed(int[] tokens, int from, int count, int position, float[] hidden, int firstRow);

  /**
   * Room for what so many sequences of so many tokens leave to be attended to.
   *
   * @param most tokens of one sequence that go through the model at once
   */
  KeyValueCache newCache(int sequences, int capacity, int most);
}
