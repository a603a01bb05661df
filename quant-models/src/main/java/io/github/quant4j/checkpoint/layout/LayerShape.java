// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

/**
 * What a configuration says of a layer's weights.
 *
 * @param bits of a code
 * @param groupSize inputs of a group, or -1 for all
 * @param inOrder whether groups are runs of consecutive inputs
 * @param symmetric whether zero points are in the middle
 */
public record LayerShape(int bits, int groupSize, boolean inOrder, boolean symmetric) {

  /** All inputs in one group. */
  public static final int ALL = -1;

  /**
   * The shape of some weights.
   *
   * @param weights the weights
   * @return without codes and scales
   */
  public static LayerShape of(IntegerWeights weights) {
    return new LayerShape(
        weights.bits(),
        weights.groupCount() == 1 ? ALL : weights.groupSize(),
        weights.isInOrder(),
        weights.isSymmetric());
  }
}
