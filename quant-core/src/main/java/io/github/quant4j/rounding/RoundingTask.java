// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * What a rounding works on.
 *
 * @param weights finite weights, {@code [out, in]}; not to be changed
 * @param grid the values to choose from
 * @param gram the second moment of the inputs, or null if there is none
 * @param search how the grid was fitted, for roundings that fit parts of it again
 * @param compute the linear algebra and the threads
 */
public record RoundingTask(
    FloatMatrix weights, Grid grid, @Nullable Gram gram, ScaleSearch search, Compute compute) {

  /**
   * Checks the shapes.
   *
   * @throws IllegalArgumentException if the grid or the moment does not fit the weights
   */
  public RoundingTask {
    if (grid.layout().rows() != weights.rows() || grid.layout().columns() != weights.columns()) {
      throw new IllegalArgumentException(
          "grid: [" + grid.layout().rows() + ", " + grid.layout().columns() + "] for " + weights);
    }
    if (gram != null && gram.size() != weights.columns()) {
      throw new IllegalArgumentException(
          "gram: "
              + gram
              + ", expected ["
              + weights.columns()
              + ", "
              + weights.columns()
              + "] for "
              + weights);
    }
  }

  /**
   * The same task on another grid.
   *
   * @param changed a grid of the same shape
   * @return the changed task
   */
  public RoundingTask withGrid(Grid changed) {
    return new RoundingTask(weights, changed, gram, search, compute);
  }

  /**
   * The same task with another moment.
   *
   * @param changed a moment of the same size
   * @return the changed task
   */
  RoundingTask withGram(Gram changed) {
    return new RoundingTask(weights, grid, changed, search, compute);
  }

  /**
   * The second moment, for roundings that cannot do without.
   *
   * @param label the rounding, for the message
   * @return the moment
   * @throws IllegalArgumentException if there is none
   */
  public Gram requireGram(String label) {
    if (gram == null) {
      throw new IllegalArgumentException(
          "gram: none, but '" + label + "' is calibrated; pass Gram.of(inputs, compute)");
    }
    return gram;
  }
}
