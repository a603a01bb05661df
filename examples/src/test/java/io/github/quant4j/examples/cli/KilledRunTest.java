// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed in the middle of its work. */
class KilledRunTest {
  private static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));

  @TempDir Path directory;

  private Process quantize(String target, String threads) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-cp"));
    // Surefire's own class path holds but a jar with its booter.
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    command.add("quantize");
    command.add(ROOT.resolve("examples/models/gutenberg-5m").toString());
    command.add(directory.resolve(target).toString());
    command.addAll(List.of("--recipe", "int3:g64:asym gptq(act-order)>cd(4)"));
    command.addAll(List.of("--calib", ROOT.resolve("examples/text/harbour.txt").toString()));
    command.addAll(List.of("--samples", "16", "--context", "128"));
    command.addAll(List.of("--threads", threads, "--quiet", "--resume"));
    File log = directory.resolve(target + ".log").toFile();
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void aKilledRunGoesOnToTheSameBytes() throws Exception {
    Process whole = quantize("whole", "1");
    assertEquals(0, whole.waitFor(), () -> log("whole"));

    Process killed = quantize("killed", "2");
    Path second = directory.resolve(".killed.quant4j-run/block-00001.safetensors");
    while (!Files.exists(second) && killed.isAlive()) {
      Thread.sleep(5);
    }
    // On Unix this is SIGKILL: no handler runs.
    killed.destroyForcibly().waitFor();
    assertTrue(Files.exists(second), () -> "it was over before it was killed: " + log("killed"));
    assertTrue(Files.notExists(directory.resolve("killed")), "only whole models appear");

    Process resumed = quantize("killed", "2");
    assertEquals(0, resumed.waitFor(), () -> log("killed"));
    for (String file : List.of("model.safetensors", "config.json")) {
      assertArrayEquals(
          Files.readAllBytes(directory.resolve("whole").resolve(file)),
          Files.readAllBytes(directory.resolve("killed").resolve(file)),
          file);
    }
    assertTrue(Files.notExists(directory.resolve(".killed.quant4j-run")));
  }

  private String log(String target) {
    try {
      return Files.readString(directory.resolve(target + ".log"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
