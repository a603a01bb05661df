// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.allocate.Objective;
import io.github.quant4j.allocate.PublishedAllocation;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Targets that are met, missed and malformed, on a model so small that each takes no time. */
class AllocationTargetsTest {
  private static final int LAYERS = 14;

  @TempDir private Path temporary;
  private TinyModel tiny = new TinyModel(Path.of(""), Path.of(""));
  private Path candidates = Path.of("");

  @BeforeEach
  void write() throws IOException {
    tiny = TinyModel.in(temporary);
    candidates = temporary.resolve("candidates.txt");
    Files.writeString(
        candidates, "int2:g16:asym rtn\nint3:g16:asym rtn\nint4:g16:asym rtn\nint8:g16:asym rtn\n");
  }

  private List<String> inputs(String calibration) {
    return List.of(
        "--calib",
        calibration,
        "--samples",
        "4",
        "--context",
        "16",
        "--measure",
        "2",
        "--candidates",
        candidates.toString());
  }

  private CommandRun run(List<String> command, String calibration, List<String> more) {
    List<String> call = new ArrayList<>(command);
    call.addAll(inputs(calibration));
    call.addAll(more);
    return CommandRun.of(call.toArray(String[]::new));
  }

  private CommandRun quantize(String target, String... more) {
    return run(
        List.of(
            "quantize",
            tiny.directory().toString(),
            temporary.resolve(target).toString(),
            "--json"),
        tiny.text().toString(),
        List.of(more));
  }

  private CommandRun sensitivity(String... more) {
    return run(
        List.of("sensitivity", tiny.directory().toString(), "--json"),
        tiny.text().toString(),
        List.of(more));
  }

  private static Map<String, byte[]> contents(Path directory) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        contents.put(
            file.getFileName().toString(),
            Files.isDirectory(file) ? new byte[0] : Files.readAllBytes(file));
      }
    }
    return contents;
  }

  private void requireHiddenNone() throws IOException {
    assertEquals(
        List.of(),
        contents(temporary).keySet().stream().filter(name -> name.startsWith(".")).toList());
  }

  @Test
  void aMissedTargetOfBytesLeavesNothing() throws IOException {
    CommandRun smallest = quantize("out", "--target-each", "1e9");
    Map<String, byte[]> before = contents(temporary.resolve("out"));
    String missed = Long.toString((long) smallest.number("bytes_after") - 8);
    quantize("other", "--target-bytes", missed).requireFailure(Failure.CALL, "the target is below");
    assertTrue(Files.notExists(temporary.resolve("other")));
    quantize("out", "--target-bytes", missed, "--overwrite").requireFailure(Failure.CALL, "target");
    Map<String, byte[]> after = contents(temporary.resolve("out"));
    assertEquals(before.keySet(), after.keySet());
    before.forEach(
        (name, bytes) -> assertEquals(-1, java.util.Arrays.mismatch(bytes, after.get(name)), name));
    requireHiddenNone();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--target-bytes", "--target-kl"})
  void aTargetThatIsMetReplacesTheModel(String option) throws IOException {
    CommandRun smallest = quantize("out", "--target-each", "1e9");
    double bytes = smallest.number("bytes_after");
    CommandRun run =
        quantize(
            "out",
            option,
            option.equals("--target-kl") ? "0.001" : Long.toString((long) (1.1 * bytes)),
            "--overwrite");
    assertTrue(run.number("bytes_after") > bytes, run.out());
    if (option.equals("--target-kl")) {
      assertTrue(run.number("kl") <= 0.001, run.out());
    } else {
      assertTrue(run.number("bytes_after") <= 1.1 * bytes, run.out());
    }
    assertEquals(
        0, CommandRun.of("verify", temporary.resolve("out").toString()).status(), run.err());
    requireHiddenNone();
  }

  @Test
  void aTargetOfDivergenceThatIsOutOfReachLeavesNothing() throws IOException {
    quantize("out", "--target-kl", "1e-12").requireFailure(Failure.CALL, "--target-kl");
    assertTrue(Files.notExists(temporary.resolve("out")));
    requireHiddenNone();
  }

  @Test
  void anyNumberOfBytesIsATarget() {
    CommandRun run = quantize("out", "--target-bytes", Long.toString(Long.MAX_VALUE));
    assertEquals(
        List.of("int8:g16:asym rtn"), recipes(run).distinct().toList(), "nothing holds it back");
  }

  private static Stream<String> recipes(CommandRun run) {
    return run.json().getObject("plan").orElseThrow().members().values().stream()
        .map(value -> ((JsonValue.Str) value).value());
  }

  @Test
  void eachLayerHasTheLowestWidthThatSuitsIt() throws IOException {
    Path table = temporary.resolve("table.json");
    JsonValue.Obj measured = sensitivity("--losses", "all", "--out", table.toString()).json();
    assertEquals(
        JsonParser.parseObject(Files.readAllBytes(table)).members().keySet(),
        measured.members().keySet().stream()
            .filter(name -> !name.equals("model"))
            .collect(Collectors.toSet()));
    double limit = 1e-4;
    JsonValue.Obj plan =
        quantize("out", "--target-each", "1e-4", "--sensitivity", table.toString())
            .json()
            .getObject("plan")
            .orElseThrow();
    for (JsonValue value : measured.getArray("sites").orElseThrow()) {
      JsonValue.Obj site = (JsonValue.Obj) value;
      String expected = "";
      double least = Double.POSITIVE_INFINITY;
      // Candidates are in the order of their widths.
      for (JsonValue one : site.getArray("candidates").orElseThrow()) {
        JsonValue.Obj candidate = (JsonValue.Obj) one;
        double loss = candidate.getDouble("loss").orElseThrow();
        boolean isFirstWithin = loss <= limit && least > limit;
        if (isFirstWithin || (least > limit && loss < least)) {
          expected = candidate.getString("recipe").orElseThrow();
          least = loss;
        }
      }
      String name = site.getString("name").orElseThrow();
      assertEquals(expected, plan.getString(name).orElseThrow(), name);
    }
  }

  private Path scores(double ofTheFirstBlock, String... without) throws IOException {
    List<String> lines = new ArrayList<>();
    try (var model = TestModels.open("llama-untied")) {
      model
          .graph()
          .sites()
          .forEach(
              site -> {
                if (!List.of(without).contains(site.name())) {
                  double score = site.name().contains("layers.0.") ? ofTheFirstBlock : 1;
                  lines.add("\"" + site.name() + "\": " + score);
                }
              });
    }
    return Files.writeString(temporary.resolve("scores.json"), "{" + String.join(",", lines) + "}");
  }

  @Test
  void scoresSayWhichLayersMatter() throws IOException {
    CommandRun run =
        quantize(
            "out",
            "--target-bits",
            "6.5",
            "--objective",
            "scores",
            "--scores",
            scores(1e6).toString(),
            "--losses",
            "none");
    run.json()
        .getObject("plan")
        .orElseThrow()
        .members()
        .forEach(
            (name, recipe) ->
                assertEquals(
                    name.contains("layers.0."),
                    ((JsonValue.Str) recipe).value().startsWith("int8"),
                    name + " = " + recipe));
  }

  @Test
  void neighboursAreMeasuredTogetherAndAPageShowsThem() throws IOException {
    Path page = temporary.resolve("page.html");
    JsonValue.Obj table =
        sensitivity("--pairs", "--losses", "all", "--page", page.toString()).json();
    // Each layer with the next, by each candidate.
    assertEquals(
        "bit operations of layers; not head, embeddings, first layer, attention",
        table.getString("counted").orElseThrow());
    assertEquals(4 * (LAYERS - 1), table.getArray("pairs").orElseThrow().size());
    assertTrue(Files.readString(page).contains("model.layers.1.mlp.down_proj"));
  }

  static Stream<String> policies() {
    return PublishedAllocation.all().stream().map(PublishedAllocation::name);
  }

  private CommandRun byPolicy(String name, String... more) throws IOException {
    Objective objective = PublishedAllocation.find(name).orElseThrow().objective();
    List<String> call =
        new ArrayList<>(
            List.of(
                "quantize",
                tiny.directory().toString(),
                temporary.resolve("out").toString(),
                "--policy",
                name,
                "--calib",
                tiny.text().toString(),
                "--samples",
                "4",
                "--context",
                "16",
                "--measure",
                "2",
                "--losses",
                objective == Objective.LOSS ? "widths" : "none",
                "--overwrite",
                "--json"));
    if (objective == Objective.SCORES) {
      call.addAll(List.of("--scores", scores(10).toString()));
    }
    call.addAll(List.of(more));
    return CommandRun.of(call.toArray(String[]::new));
  }

  /** A little above its smallest plan each of them has to choose. */
  @ParameterizedTest
  @MethodSource("policies")
  void publishedPoliciesKeepToBudgets(String name) throws IOException {
    double least = byPolicy(name, "--target-each", "1e9").number("bits_per_weight");
    double budget = 1.3 * least;
    CommandRun run = byPolicy(name, "--target-bits", Double.toString(budget));
    assertTrue(run.number("bits_per_weight") <= budget, run.out());
    assertTrue(run.number("bits_per_weight") > least, run.out());
    Set<String> candidates =
        PublishedAllocation.find(name).orElseThrow().candidates().stream()
            .map(Recipe::toString)
            .collect(Collectors.toSet());
    assertTrue(recipes(run).allMatch(candidates::contains), run.out());
  }

  /** Calibration is on a file that is missing, which is what they would be refused for later. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--target-bits 5 --bits 3 | --bits or --plan: beside a target",
        "--target-bits 5 --set noequals | expected PATTERN=RECIPE",
        "--target-bits 5 --set *.up_proj=int4:g15:sym | cannot be quantized",
        "--target-bits 5 --set nothing=int4:g16:sym | matches no linear layer",
        "--target-bits 5 --keep nothing | matches no linear layer",
        "--target-bits 5 --set *=int4:g16:smy | scale codec",
        "--target-bits 5 --plan-out DIR | --plan-out: DIR is a directory",
        "--target-bits 5 --objective scores --scores DIR/none.json | none.json",
        "--target-bits 5 --objective scores --scores DIR/words.txt | words.txt",
        "--target-bits 5 --objective scores --scores DIR/null.json | null, expected a number",
        "--target-bits 5 --objective scores --scores DIR/negative.json | -1.0, expected a finite number",
        "--target-bits 5 --objective scores --scores DIR/scores.json | no number for",
        "--target-bits 5 --sensitivity DIR/words.txt | not a table of sensitivities",
        "--target-bits 5 --losses none | --losses: none",
        "--target-bytes 9000 --overwrite | not overwritten",
      })
  void whatCanBeKnownIsRefusedBeforeTheWork(String options, String expected) throws IOException {
    Files.writeString(temporary.resolve("null.json"), "{\"a\": null}");
    Files.writeString(temporary.resolve("negative.json"), "{\"a\": -1}");
    Path _ = scores(1, "model.layers.1.mlp.up_proj");
    Path target = temporary.resolve("out");
    if (options.contains("--overwrite")) {
      Files.writeString(Files.createDirectory(target).resolve("letter.txt"), "keep me");
    }
    run(
            List.of("quantize", tiny.directory().toString(), target.toString()),
            temporary.resolve("missing.txt").toString(),
            List.of(options.replace("DIR", temporary.toString()).split(" ")))
        .requireFailure(
            options.contains("--overwrite") ? Failure.WORK : Failure.CALL,
            expected.replace("DIR", temporary.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--out", "--page"})
  void aDirectoryIsNoPlaceForATable(String option) {
    run(
            List.of("sensitivity", tiny.directory().toString()),
            temporary.resolve("missing.txt").toString(),
            List.of(option, temporary.toString()))
        .requireFailure(Failure.CALL, option + ": " + temporary + " is a directory");
  }

  @Test
  void aTargetOfDivergenceIsNoneOfSpeechEncoders() {
    String encoder =
        CommandRun.ROOT
            .resolve("quant-models/src/test/resources/models/whisper-prefixed")
            .toString();
    run(
            List.of("quantize", encoder, temporary.resolve("out").toString()),
            temporary.resolve("missing.wav").toString(),
            List.of("--target-kl", "0.1"))
        .requireFailure(Failure.CALL, "--target-kl: of a speech encoder");
  }
}
