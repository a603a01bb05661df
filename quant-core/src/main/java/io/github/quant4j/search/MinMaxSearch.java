// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * The whole range of each tile: nothing is clipped, except what a power-of-two scale cuts off.
 *
 * <p>Cost: one pass over the weights.
 */
public record MinMaxSearch() implements ScaleSearch {
  @Override
  public Grid fit(
      FloatMatrix weights,
      QuantScheme scheme,
      @Nullable Gram gram,
      LinearAlgebra algebra,
      WorkerTeam team) {
    return TileRanges.of(weights, scheme).grid(scheme);
  }

  @Override
  public String label() {
    return "minmax";
  }
}
