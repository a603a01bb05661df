// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import java.util.List;

/**
 * What a pass costs in one unit that does not depend on a machine. Costs of products add up.
 *
 * <p>The models here are those that publications use; one of your own implements {@link Custom}.
 */
public sealed interface CostModel
    permits BitOperationForm, MemoryTraffic, MultiplierArea, LinearMultiplyCost, CostModel.Custom {

  /**
   * What is counted.
   *
   * @return a few words for a table, with the unit
   */
  String title();

  /**
   * The cost of one product.
   *
   * @param product what is multiplied
   * @return at least 0, in the model's unit
   */
  double cost(MatrixProduct product);

  /**
   * The cost of several products.
   *
   * @param products what is multiplied
   * @param policy which of them count
   * @return the sum
   */
  default double cost(List<MatrixProduct> products, CountingPolicy policy) {
    double sum = 0;
    for (MatrixProduct product : products) {
      if (policy.counts(product.role())) {
        sum += cost(product);
      }
    }
    return sum;
  }

  /** A cost model of one's own, for example from a table of measured times. */
  non-sealed interface Custom extends CostModel {}
}
