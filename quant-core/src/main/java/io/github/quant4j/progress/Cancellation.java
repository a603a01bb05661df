// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.progress;

import io.github.quant4j.annotation.Stable;
import java.util.concurrent.CancellationException;

/**
 * Whether long work should stop. Work asks between steps of a second or less where it can, and ends
 * with a {@link CancellationException}.
 */
@Stable
@FunctionalInterface
public interface Cancellation {

  /**
   * Whether to stop. Must be cheap and thread-safe.
   *
   * @return true once the work is not wanted any more
   */
  boolean isRequested();

  /**
   * Stops the calling work if it is not wanted any more.
   *
   * @throws CancellationException if so
   */
  default void check() {
    if (isRequested()) {
      throw new CancellationException("cancelled");
    }
  }

  /**
   * Work that always goes on, unless its thread is interrupted.
   *
   * @return stops when the calling thread's interrupt flag is set, which it leaves alone
   */
  static Cancellation onInterrupt() {
    return () -> Thread.currentThread().isInterrupted();
  }

  /**
   * Work that always goes on.
   *
   * @return never stops
   */
  static Cancellation never() {
    return () -> false;
  }
}
