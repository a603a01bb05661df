// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.progress.Cancellation;
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
  private volatile boolean leavesNothing;

  @Override
  public boolean isRequested() {
    return requested;
  }

  /** Says that the command only reads: it may end at any point. */
  void leavesNothing() {
    leavesNothing = true;
  }

  /** Says that the command has ended. */
  void finished() {
    finished.countDown();
  }

  /** Asks the command to stop and waits until it has, if it has anything to remove. */
  void stop() {
    requested = true;
    if (leavesNothing) {
      return;
    }
    try {
      boolean _ = finished.await(SECONDS_TO_CLEAN_UP, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
