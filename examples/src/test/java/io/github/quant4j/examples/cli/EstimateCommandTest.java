// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EstimateCommandTest {

  private static CommandRun estimate(String recipe, String... more) {
    return CommandRun.of(
        Stream.concat(Stream.of("estimate", CommandRun.MODEL, "--recipe", recipe), Stream.of(more))
            .toArray(String[]::new));
  }

  @Test
  void jsonFieldsAreThoseOfTheContract() {
    CommandRun run = estimate("int4:g64:sym rtn", "--json");
    assertEquals(
        List.of("model", "recipe", "calibrated", "plan", "totals", "problems"), run.members());
    List<JsonValue> plan = run.json().getArray("plan").orElseThrow();
    assertEquals(43, plan.size());
    JsonValue.Obj first = (JsonValue.Obj) plan.getFirst();
    assertEquals(
        List.of("name", "shape", "recipe", "bits_per_weight", "bytes_before", "bytes_after"),
        List.copyOf(first.members().keySet()));
    // 4 bits and a scale of 16 bits for 64 weights.
    assertEquals(4.25, first.getDouble("bits_per_weight").orElseThrow());
    assertEquals("keep", ((JsonValue.Obj) plan.getLast()).getString("recipe").orElseThrow());
    JsonValue.Obj totals = run.json().getObject("totals").orElseThrow();
    assertEquals(
        List.of(
            "layers",
            "bits_per_weight",
            "bytes_before",
            "bytes_after",
            "peak_heap_bytes",
            "seconds"),
        List.copyOf(totals.members().keySet()));
    // 4,718,592 weights lose 11.75 bits each.
    assertEquals(
        4_718_592 * 11.75 / 8,
        totals.getDouble("bytes_before").orElseThrow()
            - totals.getDouble("bytes_after").orElseThrow());
    assertEquals(List.of(), run.json().getArray("problems").orElseThrow());
  }

  @Test
  void problemsAreListedAndTheStatusSaysSo() {
    CommandRun run = estimate("int4:g60:sym rtn", "--keep", "*.nothing", "--json");
    assertEquals(Failure.CALL, run.status());
    assertTrue(run.err().startsWith("quant: 2 problems, the first is: "), run.err());
    JsonValue.Obj json = JsonParser.parseObject(run.out().getBytes(StandardCharsets.UTF_8));
    assertEquals(2, json.getArray("problems").orElseThrow().size());
  }

  @Test
  void calibrationOfAnAbsurdSizeIsRefused() {
    estimate("int4:g64:sym gptq", "--samples", "2147483647", "--context", "2147483647")
        .requireFailure(Failure.CALL, "--samples: 2147483647, expected at most 1000000");
    estimate("int4:g64:sym gptq", "--samples", "1000000", "--context", "16777216")
        .requireFailure(Failure.CALL, "--samples: 1000000 windows of --context 16777216");
  }

  @Test
  void peopleReadATable() {
    CommandRun run = estimate("int4:g64:sym gptq", "--samples", "8");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().startsWith("layer "), run.out());
    assertTrue(run.out().contains("42 of 43 to quantize, at 4.250 bits per weight"), run.out());
    assertTrue(run.out().contains("memory  about "), run.out());
  }
}
