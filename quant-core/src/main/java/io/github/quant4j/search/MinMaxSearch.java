// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;

/**
 * The whole range of each tile: nothing is clipped, except what a power-of-two scale cuts off.
 *
 * <p>Cost: one pass over the weights.
 */
public record MinMaxSearch() implements ScaleSearch {
  @Override
  public Grid fit(FitTask task, NumberFormat format) {
    return TileRanges.of(task.weights(), task.layout()).grid(task.scheme(), format);
  }

  @Override
  public String label() {
    return "minmax";
  }
}
