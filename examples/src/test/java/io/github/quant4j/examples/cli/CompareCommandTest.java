// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {
  @TempDir private Path temporary;

  private CommandRun compare(String... more) {
    String[] call = {
      "compare",
      CommandRun.MODEL,
      "--text",
      CommandRun.TEXT,
      "--context",
      "128",
      "--max-windows",
      "2"
    };
    String[] all = java.util.Arrays.copyOf(call, call.length + more.length);
    System.arraycopy(more, 0, all, call.length, more.length);
    return CommandRun.of(all);
  }

  @Test
  void recipesOfAFileAreCompared() throws IOException {
    Path recipes =
        Files.writeString(
            temporary.resolve("recipes.txt"),
            "# two recipes\nint8:channel:sym rtn # wide\n\nint2:g64:asym rtn\n");
    CommandRun run = compare("--recipes", recipes.toString(), "--samples", "1", "--json");
    assertEquals(0, run.status(), run.err());
    List<JsonValue> rows = run.json().getArray("recipes").orElseThrow();
    assertEquals(3, rows.size());
    String policy = "bit operations of layers; not head, embeddings, first layer, attention; ";
    String counted = run.json().getString("counted").orElseThrow();
    assertTrue(counted.startsWith(policy), counted);
    JsonValue.Obj full = (JsonValue.Obj) rows.getFirst();
    JsonValue.Obj wide = (JsonValue.Obj) rows.get(1);
    JsonValue.Obj narrow = (JsonValue.Obj) rows.getLast();
    assertEquals("int8:channel:sym rtn", wide.getString("recipe").orElseThrow());
    assertEquals(0.0, full.getDouble("kl").orElseThrow());
    assertTrue(wide.getDouble("kl").orElseThrow() < narrow.getDouble("kl").orElseThrow());
    assertTrue(
        narrow.getDouble("bit_operations").orElseThrow()
            < 0.5 * wide.getDouble("bit_operations").orElseThrow());
  }

  @Test
  void wrongCallsAreExplained() {
    compare("--samples", "1").requireFailure(Failure.CALL, "--recipe");
    compare("--recipe", "int4:g64:sym rnt").requireFailure(Failure.CALL, "rnt");
  }
}
