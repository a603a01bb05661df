// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.allocate.AllocationPlan;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sensitivities are measured once, kept, and serve all budgets. */
class AllocationCommandsTest {
  @TempDir private Path temporary;
  private Path candidates = Path.of("");

  @BeforeEach
  void writeCandidates() throws IOException {
    candidates = temporary.resolve("candidates.txt");
    Files.writeString(
        candidates,
        "int2:g64:asym rtn # small\n\nint3:g64:asym rtn\nint4:g64:asym rtn\nint8:g64:asym rtn\n");
  }

  private static CommandRun run(String... args) {
    return CommandRun.of(args);
  }

  private Path measured() {
    Path table = temporary.resolve("table.json");
    if (!Files.exists(table)) {
      CommandRun run =
          run(
              "sensitivity",
              CommandRun.MODEL,
              "--calib",
              CommandRun.TEXT,
              "--samples",
              "6",
              "--context",
              "32",
              "--measure",
              "2",
              "--losses",
              "all",
              "--candidates",
              candidates.toString(),
              "--out",
              table.toString(),
              "--json");
      assertEquals(42, run.json().getArray("sites").orElseThrow().size());
      assertEquals("kl", run.json().getString("measure").orElseThrow());
    }
    return table;
  }

  private CommandRun quantize(Path table, Path target, String... more) {
    return run(
        Stream.concat(
                Stream.of(
                    "quantize",
                    CommandRun.MODEL,
                    target.toString(),
                    "--sensitivity",
                    table.toString(),
                    "--calib",
                    CommandRun.TEXT,
                    "--samples",
                    "6",
                    "--context",
                    "32",
                    "--measure",
                    "2",
                    "--json"),
                Stream.of(more))
            .toArray(String[]::new));
  }

  @Test
  void budgetsHoldAndPlansAreGivenBack() throws IOException {
    Path table = measured();
    Path plan = temporary.resolve("plan.txt");
    Path first = temporary.resolve("first");
    CommandRun bits = quantize(table, first, "--target-bits", "3.5", "--plan-out", plan.toString());
    assertTrue(bits.number("bits_per_weight") <= 3.5, bits.out());
    assertTrue(bits.number("bits_per_weight") > 3.4, bits.out());
    assertEquals(42, bits.json().getObject("plan").orElseThrow().members().size());
    // The plan says it all.
    Path second = temporary.resolve("second");
    CommandRun again =
        run("quantize", CommandRun.MODEL, second.toString(), "--plan", plan.toString(), "--json");
    assertEquals(bits.number("bits_per_weight"), again.number("bits_per_weight"));
    assertEquals(
        -1,
        Files.mismatch(first.resolve("model.safetensors"), second.resolve("model.safetensors")));
    assertEquals(42, AllocationPlan.parse(Files.readString(plan)).layers().size());
    CommandRun bytes = quantize(table, temporary.resolve("third"), "--target-bytes", "3000000");
    assertTrue(bytes.number("bytes_after") <= 3_000_000, bytes.out());
    assertTrue(bytes.number("bytes_after") > 2_900_000, bytes.out());
    CommandRun operations =
        quantize(
            table,
            temporary.resolve("fourth"),
            "--target-bits",
            "4",
            "--target-bitops",
            "230e6",
            "--ties",
            "groups");
    assertTrue(operations.number("bit_operations") <= 230e6, operations.out());
    JsonValue.Obj tied = operations.json().getObject("plan").orElseThrow();
    for (int block = 0; block < 6; block++) {
      String prefix = "model.layers." + block + ".self_attn.";
      assertEquals(tied.getString(prefix + "q_proj"), tied.getString(prefix + "k_proj"));
      assertEquals(tied.getString(prefix + "q_proj"), tied.getString(prefix + "v_proj"));
    }
  }

  @Test
  void aTargetOfDivergenceIsMeasured() {
    CommandRun run = quantize(measured(), temporary.resolve("out"), "--target-kl", "0.05");
    assertTrue(run.number("kl") <= 0.05, run.out());
    assertTrue(run.number("kl") > 0.02, run.out());
  }

  @Test
  void keptLayersTakeNothingOfTheBudget() {
    CommandRun run =
        quantize(
            measured(),
            temporary.resolve("out"),
            "--target-bits",
            "3.3",
            "--objective",
            "trace",
            "--keep",
            "*.down_proj");
    assertEquals(36, run.number("layers"));
    assertTrue(run.number("bits_per_weight") <= 3.3, run.out());
  }

  @Test
  void policiesHaveCandidatesOfTheirOwn() {
    CommandRun run =
        run(
            "quantize",
            CommandRun.MODEL,
            temporary.resolve("out").toString(),
            "--policy",
            "hawq-v2",
            "--losses",
            "none",
            "--target-bits",
            "4",
            "--calib",
            CommandRun.TEXT,
            "--samples",
            "4",
            "--context",
            "32",
            "--json");
    List<String> recipes =
        run.json().getObject("plan").orElseThrow().members().values().stream()
            .map(value -> ((JsonValue.Str) value).value())
            .distinct()
            .toList();
    assertTrue(recipes.size() > 1, recipes.toString());
    assertTrue(recipes.stream().allMatch(recipe -> recipe.endsWith(":channel:sym rtn")), run.out());
  }

  @ParameterizedTest
  @CsvSource({
    "--target-bits 1, below what the smallest candidates take",
    "--target-bits 0, more than 0",
    "--target-bits 3f, expected a number",
    "--target-bytes 3.5, expected a whole number",
    "--recipe RTN --plan-out p, --plan-out: without a target",
    "--policy HAWQ-V2, --policy: without a target",
    "--target-bits 3 --recipe RTN, --candidates",
    "--target-bits 3 --target-bytes 9, expected one of them",
    "--target-kl 0.1 --target-bits 3, expected one of them",
    "--target-bits 3 --ties some, --ties",
    "--target-bits 3 --objective some, --objective",
    "--target-bits 3 --objective scores, --scores",
    "--target-bits 3 --losses some, --losses",
    "--target-bits 3 --policy some, HAWQ-V3",
    "--target-bits 3 --measure 0, --measure"
  })
  void badTargetsAreRefused(String options, String message) {
    String[] words = options.split(" ", -1);
    boolean needsTable = options.endsWith(" 1");
    CommandRun run =
        needsTable
            ? quantize(measured(), temporary.resolve("out"), words)
            : run(
                Stream.concat(
                        Stream.of(
                            "quantize", CommandRun.MODEL, temporary.resolve("out").toString()),
                        Stream.of(words))
                    .toArray(String[]::new));
    run.requireFailure(2, message);
  }

  @Test
  void aTableForPeople() {
    CommandRun run =
        run(
            "sensitivity",
            CommandRun.MODEL,
            "--calib",
            CommandRun.TEXT,
            "--samples",
            "2",
            "--context",
            "16",
            "--candidates",
            candidates.toString(),
            "--losses",
            "none");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("(1) int2:g64:asym rtn"), run.out());
    assertTrue(run.out().contains("model.layers.5.mlp.down_proj"), run.out());
  }
}
