// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.progress.Cancellation;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What a signal, such as that of Ctrl-C, asks of a command: to stop, and to remove first what it
 * has half written.
 */
final class Interruption implements Cancellation {
  private static final long MILLIS_TO_CLEAN_UP = 10_000;

  /** For a command that only reads, to take its progress away and to say that it has stopped. */
  private static final long MILLIS_TO_END = 300;

  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean requested;
  private volatile boolean cleansUp;

  @Override
  public boolean isRequested() {
    return requested;
  }

  /**
   * Says that the command now begins to write what it removes again if it is stopped. Until then,
   * and if it only reads, it may end at any point.
   *
   * @throws CancellationException if it should stop
   */
  void cleansUp() {
    cleansUp = true;
    if (requested) {
      throw new CancellationException();
    }
  }

  /** Says that the command has ended. */
  void finished() {
    finished.countDown();
  }

  /** Asks the command to stop and waits until it has, for long only if it has to clean up. */
  void stop() {
    requested = true;
    try {
      long millis = cleansUp ? MILLIS_TO_CLEAN_UP : MILLIS_TO_END;
      boolean _ = finished.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
