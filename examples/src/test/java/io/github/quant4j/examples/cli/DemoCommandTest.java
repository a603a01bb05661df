// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo with a recipe that needs no calibration, which keeps it short. */
class DemoCommandTest {
  @TempDir Path temporary;

  @Test
  void jsonFieldsAreThoseOfTheContract() {
    Path output = temporary.resolve("out");
    CommandRun run =
        CommandRun.of(
            "demo",
            "--model",
            CommandRun.MODEL,
            "--text",
            CommandRun.TEXT,
            "--recipe",
            "int8:channel:sym rtn",
            "--out",
            output.toString(),
            "--json");
    assertEquals(List.of("model", "text", "fp", "recipes", "seconds"), run.members());
    JsonValue.Obj full = run.json().getObject("fp").orElseThrow();
    assertEquals(1, full.getDouble("perplexity").orElseThrow() / 39.1906, 1e-3);
    assertEquals(16, full.getDouble("bits_per_weight").orElseThrow());
    List<JsonValue> recipes = run.json().getArray("recipes").orElseThrow();
    assertEquals(1, recipes.size());
    JsonValue.Obj quantized = (JsonValue.Obj) recipes.getFirst();
    assertEquals(
        List.of(
            "recipe",
            "perplexity",
            "bits_per_weight",
            "bytes",
            "tokens_per_second",
            "text",
            "kl",
            "top1",
            "seconds"),
        List.copyOf(quantized.members().keySet()));
    assertEquals(1, quantized.getDouble("perplexity").orElseThrow() / 39.19, 0.01);
    assertTrue(quantized.getDouble("top1").orElseThrow() > 0.95, run.out());
    assertTrue(
        quantized.getDouble("bytes").orElseThrow() < 0.6 * full.getDouble("bytes").orElseThrow(),
        run.out());
    assertTrue(Files.exists(output.resolve("model-1").resolve("model.safetensors")));
  }

  @Test
  void wrongCallsAreExplained() {
    CommandRun.of("demo", "--model", CommandRun.MODEL, "--recipe", "int4")
        .requireFailure(Failure.CALL, "recipe 'int4'");
    CommandRun.of("demo", "--out", temporary.toString())
        .requireFailure(Failure.CALL, "--out", "exists already");
  }
}
