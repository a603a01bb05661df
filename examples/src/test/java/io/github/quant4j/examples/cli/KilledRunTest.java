// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed in the middle of its work. */
class KilledRunTest {
  @TempDir Path directory;

  private CommandProcess quantize(String target, String threads) throws IOException {
    return CommandProcess.start(
        directory.resolve(target + ".log"),
        List.of(),
        List.of(
            "quantize",
            CommandRun.MODEL,
            directory.resolve(target).toString(),
            "--recipe",
            "int3:g64:asym gptq(act-order)>cd(4)",
            "--calib",
            CommandRun.TEXT,
            "--samples",
            "16",
            "--context",
            "128",
            "--threads",
            threads,
            "--quiet",
            "--resume"));
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void aKilledRunGoesOnToTheSameBytes() throws Exception {
    CommandProcess whole = quantize("whole", "1");
    assertEquals(0, whole.waitFor(), whole::text);

    CommandProcess killed = quantize("killed", "2");
    Path second = directory.resolve(".killed.quant4j-run/block-00001.safetensors");
    while (!Files.exists(second) && killed.process().isAlive()) {
      Thread.sleep(5);
    }
    // On Unix this is SIGKILL: no handler runs.
    killed.process().destroyForcibly().waitFor();
    assertTrue(Files.exists(second), () -> "it was over before it was killed: " + killed.text());
    assertTrue(Files.notExists(directory.resolve("killed")), "only whole models appear");

    CommandProcess resumed = quantize("killed", "2");
    assertEquals(0, resumed.waitFor(), resumed::text);
    for (String file : List.of("model.safetensors", "config.json")) {
      assertArrayEquals(
          Files.readAllBytes(directory.resolve("whole").resolve(file)),
          Files.readAllBytes(directory.resolve("killed").resolve(file)),
          file);
    }
    assertTrue(Files.notExists(directory.resolve(".killed.quant4j-run")));
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void aSecondProcessIsRefusedAndTheFirstIsUndisturbed() throws Exception {
    CommandProcess first = quantize("contested", "1");
    while (!Files.exists(directory.resolve(".contested.quant4j-run"))
        && first.process().isAlive()) {
      Thread.sleep(5);
    }
    CommandRun.of(
            "quantize",
            CommandRun.MODEL,
            directory.resolve("contested").toString(),
            "--recipe",
            "int4:g64:sym rtn")
        .requireFailure(
            Failure.WORK, "is being written by another run, of process " + first.process().pid());
    assertEquals(0, first.waitFor(), first::text);
    assertTrue(
        CommandRun.of("inspect", directory.resolve("contested").toString(), "--json")
            .out()
            .contains("int3:g64:asym"));
  }
}
