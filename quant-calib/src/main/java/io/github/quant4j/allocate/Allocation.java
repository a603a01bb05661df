// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

/**
 * The best plan within a budget, and what it comes to.
 *
 * @param plan a recipe for each layer
 * @param objective the sum that was made least
 * @param bits of all layers together
 * @param bitOperations of one token in all layers
 * @param weights of all layers together
 */
public record Allocation(
    AllocationPlan plan, double objective, long bits, double bitOperations, long weights) {

  /**
   * The mean width.
   *
   * @return bits by weights
   */
  public double bitsPerWeight() {
    return (double) bits / (double) weights;
  }
}
