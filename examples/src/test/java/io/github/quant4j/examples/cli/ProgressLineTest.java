// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.quant4j.progress.Cancellation;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private static final long SECOND = 1_000_000_000L;

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private long now = 42 * SECOND;

  private String shown(boolean isInteractive, boolean quiet, int steps, long nanosOfStep) {
    PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
    Terminal terminal = new Terminal(stream, stream, isInteractive, Cancellation.never());
    try (ProgressLine line = new ProgressLine(terminal, quiet, () -> now)) {
      for (int step = 1; step <= steps; step++) {
        now += nanosOfStep;
        line.progressed("work", step, steps);
      }
    }
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aPersonSeesOneLineThatIsTakenAway() {
    String clear = "\r\u001b[K";
    assertEquals(
        clear
            + "work: 1 of 3 (33 %), 4 s left\r"
            + clear
            + "work: 2 of 3 (66 %), 2 s left\r"
            + clear
            + "work: 3 of 3 (100 %)\r"
            + clear,
        shown(true, false, 3, 2 * SECOND));
  }

  @Test
  void logsGetALineNowAndThen() {
    List<String> lines = shown(false, false, 240, SECOND / 10).lines().toList();
    assertEquals(
        List.of(
            "quant: work: 100 of 240 (41 %), 14 s left",
            "quant: work: 200 of 240 (83 %), 4 s left"),
        lines);
  }

  @Test
  void quickWorkIsNotShown() {
    assertEquals("", shown(false, false, 9, SECOND));
    assertEquals("", shown(true, false, 9, SECOND / 100));
  }

  @Test
  void nothingIsShownIfNobodyWantsIt() {
    assertEquals("", shown(true, true, 9, 20 * SECOND));
  }
}
