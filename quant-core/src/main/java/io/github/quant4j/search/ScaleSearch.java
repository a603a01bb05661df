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
 * Chooses the range that each tile's grid covers, and with it scales and zero points.
 *
 * <p>Implementations are immutable, deterministic whatever the threads, and named in recipes by
 * their {@link #label()}.
 */
public interface ScaleSearch {

  /**
   * Fits a grid to a matrix.
   *
   * @param weights finite weights, {@code [out, in]}
   * @param scheme the scheme
   * @param gram the second moment of the inputs, or null if there is none
   * @param algebra who multiplies
   * @param team the threads
   * @return the grid
   * @throws IllegalArgumentException if the scheme does not fit the shape, or the search needs the
   *     second moment and there is none
   */
  Grid fit(
      FloatMatrix weights,
      QuantScheme scheme,
      @Nullable Gram gram,
      LinearAlgebra algebra,
      WorkerTeam team);

  /**
   * The text form in recipes.
   *
   * @return for example {@code mse}
   */
  String label();
}
