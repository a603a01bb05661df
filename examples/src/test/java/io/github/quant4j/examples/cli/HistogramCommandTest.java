// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistogramCommandTest {
  @TempDir private Path directory;

  private CommandRun run(String layer, String recipe) {
    return CommandRun.of(
        "histogram",
        CommandRun.MODEL,
        "--text",
        CommandRun.TEXT,
        "--max-windows",
        "1",
        "--recipe",
        recipe,
        "--layer",
        layer,
        "--out",
        directory.resolve("out").toString(),
        "--json");
  }

  @Test
  void layersAreDrawnOnOnePage() throws IOException {
    CommandRun run = run("model.layers.0.self_attn.*_proj", "QuaRot");
    JsonValue.Obj json = run.json();
    // The queries, keys and values, and the projection behind them.
    assertEquals(4, json.getArray("layers").orElseThrow().size());
    String page = Files.readString(Path.of(json.getString("page").orElseThrow()));
    assertTrue(page.contains("Inputs of model.layers.0.self_attn.q_proj"));
    assertTrue(page.contains("Weights of model.layers.0.self_attn.o_proj"));
  }

  @Test
  void wrongCallsAreExplained() {
    run("no.such.layer", "QuaRot").requireFailure(Failure.CALL, "matches no layer");
    run("*", "int4:g64:sym rnt").requireFailure(Failure.CALL, "rnt");
    assertTrue(Files.notExists(directory.resolve("out")));
  }
}
