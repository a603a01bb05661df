// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.progress.Cancellation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Standard output that cannot be written, or not to the end. */
class OutputTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** A reader that goes away after so many bytes. */
  private static final class Pipe extends OutputStream {
    private final int most;
    private int written;
    private int attempts;

    Pipe(int most) {
      this.most = most;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[1], 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      attempts++;
      if (written + length > most) {
        throw new IOException("Broken pipe");
      }
      written += length;
    }
  }

  private int run(Pipe pipe, String... args) {
    return Main.run(
        args,
        new Terminal(
            new ResultStream(pipe),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            Cancellation.never()));
  }

  private void requireMessage() {
    assertEquals(
        "quant: standard output: cannot be written: Broken pipe\n",
        err.toString(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "help",
        "--version",
        "help quantize",
        "inspect MODEL",
        "inspect MODEL --json",
        "verify MODEL",
        "verify MODEL --json",
        "estimate MODEL --recipe int8:channel:sym",
        "estimate MODEL --recipe int8:channel:sym --json",
        "eval MODEL --text TEXT --context 32 --max-windows 1",
        "eval MODEL --text TEXT --context 32 --max-windows 1 --json",
        "generate MODEL --prompt The --max-tokens 2",
        "generate MODEL --prompt The --max-tokens 2 --json"
      })
  void resultsThatCannotBeWrittenAreAFailure(String call) {
    String[] args = call.split(" ", -1);
    for (int i = 0; i < args.length; i++) {
      args[i] = args[i].replace("MODEL", CommandRun.MODEL).replace("TEXT", CommandRun.TEXT);
    }
    assertEquals(Failure.WORK, run(new Pipe(0), args));
    requireMessage();
  }

  @Test
  void writingStopsWhenNobodyReads() {
    Pipe pipe = new Pipe(20);
    int status = run(pipe, "generate", CommandRun.MODEL, "--prompt", "The", "--max-tokens", "200");
    assertEquals(Failure.WORK, status);
    requireMessage();
    assertTrue(pipe.written > 3, "nothing was written");
    // Each piece of at least one letter is written at once; all 200 tokens would be many more.
    assertTrue(pipe.attempts <= 22, pipe.attempts + " attempts");
  }
}
