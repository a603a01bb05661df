// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.recipe.Recipe;
import java.util.Optional;

/**
 * What is to become of a linear layer.
 *
 * @param site the layer
 * @param recipe how it is quantized; empty if it stays as it is
 * @param bitsBefore what its weights take now
 * @param bitsAfter what they will take, see {@link Recipe#storageBits}
 */
public record PlannedSite(
    LinearSite site, Optional<Recipe> recipe, long bitsBefore, long bitsAfter) {

  /**
   * The effective width afterwards.
   *
   * @return bits by the number of weights
   */
  public double bitsPerWeight() {
    return (double) bitsAfter / (double) site.weightCount();
  }
}
