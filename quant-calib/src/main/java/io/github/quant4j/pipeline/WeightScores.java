// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import java.util.Optional;

/**
 * Scores of weights, such as squared gradients, by which {@code sparse(share,scores)} chooses the
 * weights that are kept beside the quantized ones.
 *
 * <p>They belong to the weights as they are stored. Transforms that scale or permute inputs leave
 * that be; a rotation mixes the weights of a row, and scores of single weights then mean little.
 */
@FunctionalInterface
public interface WeightScores {

  /**
   * The scores of a layer. May be asked more than once, and must give the same again.
   *
   * @param layer the layer's name, for example {@code model.layers.0.mlp.down_proj}
   * @return one finite score of at least 0 for each weight, row-major {@code [out, in]}; or empty if
   *     there are none
   */
  Optional<float[]> of(String layer);

  /**
   * No scores at all.
   *
   * @return scores that are empty for every layer
   */
  static WeightScores none() {
    return _ -> Optional.empty();
  }
}
