// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/** What becomes of an exception on its way out of a run. */
final class RunFailure {
  private RunFailure() {}

  /**
   * Throws what a run ends with: a cancellation if the thread was interrupted while it wrote a
   * file, and otherwise what went wrong; together with a note of what is kept.
   *
   * @return never; for callers that must seem to throw
   */
  static RuntimeException rethrow(Throwable problem, RunDirectory run) throws IOException {
    Throwable thrown =
        switch (problem) {
          case Throwable e when isInterrupt(e) -> cancelled(e);
          case UncheckedIOException e -> Objects.requireNonNull(e.getCause());
          // The JVM keeps such errors ready, which take no notes.
          case OutOfMemoryError e -> new OutOfMemoryError(e.getMessage()).initCause(e);
          default -> problem;
        };
    if (run.isKept()) {
      thrown.addSuppressed(run.unfinished());
    }
    switch (thrown) {
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(thrown);
    }
  }

  private static boolean isInterrupt(Throwable problem) {
    for (Throwable e = problem; e != null; e = e.getCause()) {
      if (e instanceof ClosedByInterruptException) {
        return true;
      }
    }
    return false;
  }

  private static CancellationException cancelled(Throwable cause) {
    CancellationException cancelled = new CancellationException("interrupted while writing");
    cancelled.initCause(cause);
    return cancelled;
  }
}
