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
  private static final int SECONDS_TO_CLEAN_UP = 10;

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

  /** Asks the command to stop and waits until it has, if it has anything to remove. */
  void stop() {
    requested = true;
    if (!cleansUp) {
      return;
    }
    try {
      boolean _ = finished.await(SECONDS_TO_CLEAN_UP, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
