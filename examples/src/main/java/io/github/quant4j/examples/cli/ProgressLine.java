// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.progress.ProgressListener;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Shows how far long work is: on a terminal in one line that is overwritten, elsewhere in a line
 * now and then.
 */
final class ProgressLine implements ProgressListener, AutoCloseable {
  private static final long TERMINAL_INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LOG_INTERVAL = TimeUnit.SECONDS.toNanos(10);
  private static final String TO_LINE_START = "\r";
  private static final String CLEAR_LINE = "\r\u001b[K";
  private static final double NANOS = 1e9;

  private final Terminal terminal;
  private final boolean quiet;
  private final LongSupplier clock;
  private final long interval;
  private String stage = "";
  private long stageStart;
  private long heardAt;
  private long shownAt;
  private boolean shown;

  ProgressLine(Terminal terminal, boolean quiet) {
    this(terminal, quiet, System::nanoTime);
  }

  ProgressLine(Terminal terminal, boolean quiet, LongSupplier clock) {
    this.terminal = terminal;
    this.quiet = quiet;
    this.clock = clock;
    this.heardAt = clock.getAsLong();
    this.shownAt = heardAt;
    this.interval = terminal.isInteractive() ? TERMINAL_INTERVAL : LOG_INTERVAL;
  }

  @Override
  public void progressed(String newStage, long done, long total) {
    long now = clock.getAsLong();
    // "quantize layer 1" and "quantize layer 2" are one stage.
    if (!firstWord(newStage).equals(firstWord(stage))) {
      stageStart = heardAt;
    }
    stage = newStage;
    heardAt = now;
    if (quiet || now - shownAt < interval) {
      return;
    }
    shownAt = now;
    String line = describe(done, total, (now - stageStart) / NANOS);
    if (terminal.isInteractive()) {
      terminal.err().print(CLEAR_LINE + line + TO_LINE_START);
      terminal.err().flush();
      shown = true;
    } else {
      terminal.err().println("quant: " + line);
    }
  }

  private static String firstWord(String text) {
    int space = text.indexOf(' ');
    return space < 0 ? text : text.substring(0, space);
  }

  private String describe(long done, long total, double seconds) {
    String line =
        String.format(
            Locale.ROOT,
            "%s: %d of %d (%d %%)",
            stage,
            done,
            total,
            total == 0 ? 100 : 100 * done / total);
    // An estimate from little work would be a guess.
    if (seconds > 1 && done > 0 && done < total) {
      line += String.format(Locale.ROOT, ", %.0f s left", seconds / done * (total - done));
    }
    return line;
  }

  /** Takes the line away, so that other output can follow. */
  @Override
  public void close() {
    if (shown) {
      terminal.err().print(CLEAR_LINE);
      terminal.err().flush();
      shown = false;
    }
  }
}
