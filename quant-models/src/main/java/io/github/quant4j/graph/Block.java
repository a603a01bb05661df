// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import io.github.quant4j.linear.QuantizedLinear;
import java.util.Optional;

/**
 * A block with its weights in memory: a working copy, whose sites and vectors can be exchanged
 * before and while batches run through it. Nothing that is changed here reaches the model that the
 * block was opened from; closing it gives the memory back.
 *
 * <p>Running is thread-safe, exchanging is not.
 */
public interface Block extends AutoCloseable {

  /**
   * What the block consists of.
   *
   * @return its site groups in the order in which they run
   */
  BlockLayout layout();

  /**
   * What a site computes at present.
   *
   * <p>For a site that was not replaced, its weights are read from the model anew.
   *
   * @param site one of this block's
   * @return its weights, bias and activation quantizer
   * @throws IllegalArgumentException if the site is not in this block
   * @throws IllegalStateException if the block is closed
   */
  QuantizedLinear linear(LinearSite site);

  /**
   * Lets a site compute something else from now on.
   *
   * @param site one of this block's
   * @param linear weights of the site's shape; the layer's bias is used as it is, even where the
   *     site had none
   * @throws IllegalArgumentException if the site is not in this block, or the shape is not the
   *     site's
   * @throws IllegalStateException if the block is closed
   */
  void replace(LinearSite site, QuantizedLinear linear);

  /**
   * A vector of this block that belongs to no site, such as the weight of a {@link NormSite}.
   *
   * @param tensor the tensor's name
   * @return a copy of its present values
   * @throws IllegalArgumentException if the block has no such vector
   * @throws IllegalStateException if the block is closed
   */
  float[] vector(String tensor);

  /**
   * Changes such a vector from now on.
   *
   * @param tensor the tensor's name
   * @param values as many as it has; copied
   * @throws IllegalArgumentException if the block has no such vector, or it is of another length
   * @throws IllegalStateException if the block is closed
   */
  void replaceVector(String tensor, float[] values);

  /**
   * Takes a batch up to the input of the first group.
   *
   * @param input the block's input, {@code [tokens, width]}; not changed
   * @param traceAttention whether {@link BlockPass#attentionReceived()} will be asked for, which
   *     costs about as much as the softmax does
   * @return the pass
   * @throws IllegalArgumentException if the input has another width
   * @throws IllegalStateException if the block is closed
   */
  BlockPass begin(HiddenStates input, boolean traceAttention);

  /**
   * Takes a batch through the block.
   *
   * @param input the block's input, {@code [tokens, width]}; not changed
   * @param observer sees the input of each group
   * @return the block's output
   * @throws IllegalArgumentException if the input has another width
   * @throws IllegalStateException if the block is closed
   */
  default HiddenStates run(HiddenStates input, SiteObserver observer) {
    BlockPass pass = begin(input, false);
    for (SiteGroup group : layout().groups()) {
      observer.observe(group, pass.input());
      pass.advance();
    }
    return pass.output();
  }

  /**
   * How much attention each token receives in this block as it is now, see {@link
   * BlockPass#attentionReceived()}. Runs the block up to its attention.
   *
   * @param input the block's input, {@code [tokens, width]}; not changed
   * @return one value for each row, or empty if the block has no attention
   * @throws IllegalArgumentException if the input has another width
   * @throws IllegalStateException if the block is closed
   */
  default Optional<float[]> attentionReceived(HiddenStates input) {
    BlockPass pass = begin(input, true);
    while (pass.nextGroup() < layout().groups().size()) {
      Optional<float[]> received = pass.attentionReceived();
      if (received.isPresent()) {
        return received;
      }
      pass.advance();
    }
    return pass.attentionReceived();
  }

  /** Gives the weights' memory back. Closing twice has no effect. */
  @Override
  void close();
}
