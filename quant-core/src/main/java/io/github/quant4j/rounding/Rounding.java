// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import org.jspecify.annotations.Nullable;

/**
 * Chooses a code for each weight on a given grid.
 *
 * <p>Roundings form chains: each one gets what the one before it chose and may improve on it. They
 * know grids only by nearest values and neighbours, so that each works with every format.
 * Implementations are immutable and deterministic whatever the threads, and are named in recipes by
 * their {@link #label()}.
 *
 * <p>A moment that is not usable (all zeros, not finite, not positive definite even with damping)
 * never fails a rounding: it falls back on what needs less, and its report says so.
 */
public interface Rounding {

  /**
   * Rounds a matrix.
   *
   * @param task weights, grid and moment
   * @param start codes to start from, one in a byte, row-major, or null at the head of a chain; may
   *     be changed
   * @return the codes with their grid and a report
   * @throws IllegalArgumentException if the rounding needs the second moment and there is none, or
   *     it cannot work with the scheme
   */
  RoundingResult round(RoundingTask task, byte @Nullable [] start);

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
