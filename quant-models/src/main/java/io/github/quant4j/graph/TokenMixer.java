// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

/**
 * The part of a block in which tokens see each other, by its sizes: what its products cost follows
 * from them, whatever sites make queries, keys and values.
 */
public sealed interface TokenMixer {

  /**
   * The site that reads what the part gives.
   *
   * @return a site of the block
   */
  LinearSite output();

  /**
   * Attention by the softmax of the products of queries and keys.
   *
   * @param output the site that reads what it gives
   * @param heads query heads
   * @param keyValueHeads key and value heads
   * @param keyWidth channels of a query and of a key
   * @param valueWidth channels of a value
   */
  record Attention(LinearSite output, int heads, int keyValueHeads, int keyWidth, int valueWidth)
      implements TokenMixer {}

  /**
   * Linear attention by the gated delta rule (arXiv 2412.06464): each value head has a state {@code
   * [keyWidth, valueWidth]}, which a token reads, changes and reads again; before it is a causal
   * convolution of each channel.
   *
   * @param output the site that reads what it gives
   * @param keyHeads query and key heads
   * @param valueHeads value heads
   * @param keyWidth channels of a query and of a key
   * @param valueWidth channels of a value
   * @param channels of the convolution
   * @param kernel tokens that the convolution sees
   */
  record DeltaRule(
      LinearSite output,
      int keyHeads,
      int valueHeads,
      int keyWidth,
      int valueWidth,
      int channels,
      int kernel)
      implements TokenMixer {}
}
