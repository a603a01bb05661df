// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.Optional;

/**
 * A linear layer of a model: {@code y = x W^T + b} with weights {@code [out, in]}.
 *
 * @param name the module's name in the checkpoint, for example {@code
 *     model.layers.0.self_attn.q_proj}; what recipes select by pattern
 * @param weight the name of the weight tensor; {@code name + ".weight"} unless the layer shares its
 *     weights with another module
 * @param bias the name of the bias tensor, if there is one
 * @param inFeatures the width of the input
 * @param outFeatures the width of the output
 */
public record LinearSite(
    String name, String weight, Optional<String> bias, int inFeatures, int outFeatures) {
  private static final String WEIGHT = ".weight";

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public LinearSite {
    if (inFeatures < 1 || outFeatures < 1) {
      throw new IllegalArgumentException(
          "site '"
              + name
              + "': ["
              + outFeatures
              + ", "
              + inFeatures
              + "], expected positive sizes");
    }
  }

  /**
   * A site with tensors of its own, named after it.
   *
   * @param name the module's name
   * @param inFeatures the width of the input
   * @param outFeatures the width of the output
   * @param biased whether there is a bias
   * @return the site
   * @throws IllegalArgumentException if a size is not positive
   */
  public static LinearSite of(String name, int inFeatures, int outFeatures, boolean biased) {
    return new LinearSite(
        name,
        name + ".weight",
        biased ? Optional.of(name + ".bias") : Optional.empty(),
        inFeatures,
        outFeatures);
  }

  /**
   * Whether the weights belong to another module too, such as those of a head that is tied to the
   * embeddings.
   *
   * @return true if the weight tensor is not named after the site
   */
  public boolean isTied() {
    return !weight.equals(name + ".weight");
  }

  /**
   * The number of weights.
   *
   * @return {@code out in}
   */
  public long weightCount() {
    return (long) inFeatures * outFeatures;
  }

  /** Name and shape, for example {@code model.layers.0.self_attn.q_proj [256, 256]}. */
  @Override
  public String toString() {
    return name + " [" + outFeatures + ", " + inFeatures + "]";
  }

  /**
   * The module that a weight belongs to.
   *
   * @param weight the name of its tensor
   * @return the name without {@code .weight}, if it ends so
   */
  public static String moduleOf(String weight) {
    return weight.endsWith(WEIGHT)
        ? weight.substring(0, weight.length() - WEIGHT.length())
        : weight;
  }
}
