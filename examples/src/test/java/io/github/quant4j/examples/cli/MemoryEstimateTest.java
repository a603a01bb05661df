// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code estimate} says of memory, held against JVMs with just so much of it. */
class MemoryEstimateTest {
  private static final Pattern PEAK = Pattern.compile("\"peak_heap_bytes\": *(\\d+)");

  @TempDir Path directory;

  private CommandProcess run(String recipe, int mebibytes, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--recipe", recipe, "--calib", CommandRun.TEXT));
    all.addAll(List.of("--samples", "24", "--context", "128"));
    // A young generation that is small beside the estimate: it does not count.
    List<String> heap = List.of("-XX:+UseSerialGC", "-Xmn6m", "-Xmx" + mebibytes + "m");
    CommandProcess process = CommandProcess.start(directory.resolve("log"), heap, all);
    process.waitFor();
    return process;
  }

  private int estimate(String recipe, int mebibytes) throws Exception {
    CommandProcess process = run(recipe, mebibytes, "estimate", CommandRun.MODEL, "--json");
    Matcher matcher = PEAK.matcher(process.text());
    assertEquals(true, matcher.find(), process::text);
    return (int) (Long.parseLong(matcher.group(1)) >> 20);
  }

  private int quantize(String recipe, int mebibytes) throws Exception {
    String target = directory.resolve("model-" + mebibytes).toString();
    return run(recipe, mebibytes, "quantize", CommandRun.MODEL, target, "--quiet")
        .process()
        .exitValue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g64:asym gptq",
        "retarget(0.5) | hadamard | int4:g64:asym gptq",
        "q2_k gptq>refit(1,sweeps=1)"
      })
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void theEstimateIsEnoughAndNotFarTooMuch(String recipe) throws Exception {
    // How many activations are held depends on the heap, so the estimate does.
    int enough = estimate(recipe, estimate(recipe, estimate(recipe, 200)));
    assertEquals(0, quantize(recipe, enough * 12 / 10), () -> enough + " MiB and a fifth more");
    assertEquals(1, quantize(recipe, enough * 7 / 10), () -> enough + " MiB less three tenths");
  }
}
