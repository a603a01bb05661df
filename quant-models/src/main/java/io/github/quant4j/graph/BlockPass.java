// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.Optional;

/**
 * A batch on its way through an open block, halted before each site group.
 *
 * <p>A pass begins where the input of the first group is known. {@link #advance()} runs the sites
 * of that group, as they are bound at that moment, and whatever lies between their outputs and the
 * input of the next group. So a pipeline can hold the passes of all calibration batches before
 * group {@code g}, gather its statistic from their {@link #input() inputs}, replace the group's
 * sites by quantized ones, and advance: every group then sees what the quantized groups before it
 * produce, and no part of the block is computed twice. Where memory is short, a pass can instead be
 * dropped and begun again from the block's input.
 *
 * <p>A pass owns its arrays, {@code tokens (width + widest site input)} floats. It must not be used
 * after its block is closed. Not thread-safe; passes of one block may run on different threads.
 */
public interface BlockPass {

  /**
   * Where the pass stands.
   *
   * @return the index of the group whose input is known and whose sites run next; the number of
   *     groups when the pass is finished
   */
  int nextGroup();

  /**
   * The input of the next group.
   *
   * @return a view of this pass's array, valid until {@link #advance()}
   * @throws IllegalStateException if the pass is finished
   */
  SiteInput input();

  /**
   * The residual stream as it stands before the next group. For a group whose site is one of {@link
   * BlockModel#residualWriters()} this is what the site's output will be added to.
   *
   * @return a view of this pass's array, valid until {@link #advance()}; empty if the block has no
   *     stream, as a head has none
   */
  default Optional<SiteInput> residual() {
    return Optional.empty();
  }

  /**
   * Runs the next group's sites and everything up to the following group's input, or to the end.
   *
   * @throws IllegalStateException if the pass is finished, or the block is closed
   */
  void advance();

  /**
   * The block's output.
   *
   * @return the hidden states after the block, {@code [tokens, outFeatures]}; they share this
   *     pass's array
   * @throws IllegalStateException if the pass is not finished
   */
  HiddenStates output();

  /**
   * How much attention each token received in this block: the attention probabilities summed over
   * heads and over the tokens that attend, which token weights such as those of RSQ
   * (arXiv:2503.01820) are made of.
   *
   * @return one value for each row, a copy; empty if it was not asked for when the pass was begun,
   *     the block has no attention, or the pass has not come that far
   */
  Optional<float[]> attentionReceived();
}
