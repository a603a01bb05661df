// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import java.util.List;

/**
 * The best choices within the budgets.
 *
 * @param choices the index of the chosen option of each class
 * @param loss their sum of losses
 * @param cost their sum of costs
 * @param secondCost their sum of second costs
 */
public record KnapsackSolution(List<Integer> choices, double loss, long cost, long secondCost) {

  /** Copies the list. */
  public KnapsackSolution {
    choices = List.copyOf(choices);
  }
}
