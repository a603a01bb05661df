// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;

/**
 * Chooses the range that each tile's grid covers, and with it scales and zero points.
 *
 * <p>Implementations are immutable, deterministic whatever the threads, and named in recipes by
 * their {@link #label()}.
 */
public interface ScaleSearch {

  /**
   * Fits a grid to a matrix. Where the scheme leaves the format open, it is chosen here: by the
   * output error if there is a second moment, by the squared error of the weights otherwise.
   *
   * @param task weights, scheme and moment
   * @return the grid; its scheme is that of the task, with the format filled in where it was chosen
   *     for the whole matrix
   * @throws IllegalArgumentException if the scheme does not fit the shape, or the search needs the
   *     second moment and there is none
   */
  default Grid fit(FitTask task) {
    return FormatFitting.fit(this, task);
  }

  /**
   * Fits a grid of one format.
   *
   * @param task weights, scheme and moment; the format of the scheme does not matter
   * @param format the format
   * @return the grid, with the format filled in in its scheme
   * @throws IllegalArgumentException if the scheme does not fit the shape, or the search needs the
   *     second moment and there is none
   */
  Grid fit(FitTask task, NumberFormat format);

  /**
   * Whether the search needs the second moment of the inputs.
   *
   * @return true for calibrated searches
   */
  default boolean needsGram() {
    return false;
  }

  /**
   * The text form in recipes.
   *
   * @return for example {@code mse}
   */
  String label();
}
