// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

/**
 * One of the choices for a class of a {@link MultipleChoiceKnapsack}.
 *
 * @param loss what is to be least, finite
 * @param cost what the first budget limits, not negative
 * @param secondCost what the second budget limits, not negative; 0 where there is none
 */
public record KnapsackOption(double loss, long cost, long secondCost) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if the loss is not finite or a cost is negative
   */
  public KnapsackOption {
    if (!Double.isFinite(loss) || cost < 0 || secondCost < 0) {
      throw new IllegalArgumentException(
          "option: loss "
              + loss
              + ", costs "
              + cost
              + " and "
              + secondCost
              + ", expected a finite loss and costs of at least 0");
    }
  }

  /**
   * A choice with one cost.
   *
   * @param loss what is to be least
   * @param cost what the budget limits
   * @return the option
   * @throws IllegalArgumentException if the loss is not finite or the cost negative
   */
  public static KnapsackOption of(double loss, long cost) {
    return new KnapsackOption(loss, cost, 0);
  }

  /** Whether another choice is at least as good in all respects. */
  boolean isDominatedBy(KnapsackOption other) {
    return other.loss <= loss && other.cost <= cost && other.secondCost <= secondCost;
  }
}
