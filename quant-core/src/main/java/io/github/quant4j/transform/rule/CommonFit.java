// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.transform.DiagonalTransform;

/**
 * The fit of one diagonal transform for several groups of layers that read the same values, each
 * perhaps those of other tokens: the router, the shared expert and the experts of a mixture
 * (EAQuant, arXiv 2506.13329), or the branches of a parallel layer. A common transform folds into
 * the normalization before them.
 *
 * <p>Groups are shown one after the other, so that the weights and statistics of one are in memory
 * at a time. Mutable, not thread-safe.
 */
public interface CommonFit {

  /**
   * Shows the weights of a group; each group once, before {@link #begin}.
   *
   * @param group its layers; nothing need be known of the input
   * @param trial how they will be quantized
   * @throws IllegalArgumentException if its width differs from that of the groups before
   */
  void weigh(LayerGroup group, QuantizationTrial trial);

  /**
   * Shows the input of all tokens, before the first group is added.
   *
   * @param all any layers that read all tokens, with statistics of these
   * @throws IllegalArgumentException if the rule needs what is not known
   */
  void begin(LayerGroup all);

  /**
   * Adds a group.
   *
   * @param group its layers, with statistics of the tokens that reach them; no group without tokens
   * @param trial how they will be quantized
   * @throws IllegalArgumentException if the rule needs what is not known
   */
  void add(LayerGroup group, QuantizationTrial trial);

  /**
   * The transform for all groups.
   *
   * @return its scales; ones if no group was added
   * @throws IllegalStateException if no input was shown
   */
  DiagonalTransform result();
}
