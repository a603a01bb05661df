// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a code for each weight on a given grid.
 *
 * <p>Roundings form chains: each one gets what the one before it chose and may improve on it. They
 * know grids only by nearest values and neighbours, so that each works with every format.
 * Implementations are immutable and deterministic whatever the threads, and are named in recipes by
 * their {@link #label()}.
 */
public interface Rounding {

  /**
   * Rounds a matrix.
   *
   * @param weights finite weights, {@code [out, in]}; not to be changed
   * @param grid the values to choose from
   * @param gram the second moment of the inputs, or null if there is none
   * @param start codes to start from, one in a byte, row-major, or null at the head of a chain
   * @param team the threads
   * @return the codes, one in a byte, row-major; may be {@code start}, changed
   * @throws IllegalArgumentException if the rounding needs the second moment and there is none, or
   *     its size is not the number of inputs
   */
  byte[] round(
      FloatMatrix weights,
      Grid grid,
      @Nullable Gram gram,
      byte @Nullable [] start,
      WorkerTeam team);

  /**
   * Whether the rounding needs the second moment of the inputs.
   *
   * @return true for calibrated roundings
   */
  boolean needsGram();

  /**
   * The text form in recipes.
   *
   * @return for example {@code gptq(act-order)}
   */
  String label();
}
