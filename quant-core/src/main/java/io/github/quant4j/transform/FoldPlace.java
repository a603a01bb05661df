// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

/**
 * Where a transform of a layer's input can be merged into what computes that input, so that it
 * costs nothing when the model runs.
 */
public enum FoldPlace {
  /** The weight vector of a normalisation that feeds the layer. */
  NORM_WEIGHT,
  /** The bias vector of a normalisation that feeds the layer. */
  NORM_BIAS,
  /** The output rows of a linear layer that feeds this one with nothing in between. */
  PRODUCER_ROWS,
  /** The bias of a linear layer that feeds this one with nothing in between. */
  PRODUCER_BIAS,
  /**
   * The output rows of one factor of an element-wise product (the "up" projection of a gated
   * network), the other factor being left alone.
   */
  PRODUCT_FACTOR,
  /**
   * The output rows of all layers around an element-wise function, because the transform commutes
   * with it.
   */
  ELEMENTWISE_FUNCTION
}
