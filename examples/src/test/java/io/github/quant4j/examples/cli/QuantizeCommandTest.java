// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizeCommandTest {
  private static final String CALIBRATED = "int4:g64:asym gptq(act-order)";

  @TempDir Path temporary;

  private Path target(String name) {
    return temporary.resolve(name);
  }

  private static String[] call(Path target, String recipe, String... more) {
    return Stream.concat(
            Stream.of("quantize", CommandRun.MODEL, target.toString(), "--recipe", recipe),
            Stream.of(more))
        .toArray(String[]::new);
  }

  private static CommandRun quantize(Path target, String recipe, String... more) {
    return CommandRun.of(call(target, recipe, more));
  }

  private static byte[] weights(Path model) throws IOException {
    return Files.readAllBytes(model.resolve("model.safetensors"));
  }

  private void requireNothingLeft() throws IOException {
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void jsonFieldsAreThoseOfTheContract() throws IOException {
    Path target = target("int8");
    CommandRun run = quantize(target, "int8:channel:sym rtn", "--json");
    assertEquals(
        List.of(
            "model",
            "output",
            "recipe",
            "calibration",
            "quant_method",
            "layers",
            "bits_per_weight",
            "bytes_before",
            "bytes_after",
            "seconds",
            "peak_heap_bytes",
            "report"),
        run.members());
    assertEquals(42, run.number("layers"));
    assertTrue(run.number("peak_heap_bytes") > 0, run.out());
    assertTrue(Files.exists(Path.of(run.json().getString("report").orElseThrow())));
    // What is on the disk is what was said.
    CommandRun inspection = CommandRun.of("inspect", target.toString(), "--json");
    JsonValue.Obj quantized = inspection.json().getObject("quantized").orElseThrow();
    assertEquals(42, quantized.getInt("tensors").orElseThrow());
    assertEquals(
        1,
        quantized.getDouble("bits_per_weight").orElseThrow() / run.number("bits_per_weight"),
        0.01);
    assertEquals(
        true,
        CommandRun.of("verify", target.toString(), "--json").json().getBoolean("ok").orElseThrow());
    CommandRun evaluated =
        CommandRun.of(
            "eval",
            target.toString(),
            "--text",
            CommandRun.TEXT,
            "--context",
            "64",
            "--max-windows",
            "8",
            "--reference",
            CommandRun.MODEL,
            "--json");
    assertTrue(evaluated.number("kl") > 0 && evaluated.number("kl") < 0.01, evaluated.out());
    assertTrue(evaluated.number("top1") > 0.95, evaluated.out());
  }

  @Test
  void overridesChooseLayers() {
    CommandRun run =
        quantize(
            target("mixed"),
            "int4:g64:sym rtn",
            "--set",
            "lm_head=int8:channel:sym rtn",
            "--set",
            "*.down_proj=int8:channel:sym rtn",
            "--keep",
            "*.layers.0.*",
            "--json");
    assertEquals(36, run.number("layers"));
    JsonValue.Obj first =
        (JsonValue.Obj)
            CommandRun.of("inspect", target("mixed").toString(), "--json")
                .json()
                .getArray("tensors")
                .orElseThrow()
                .stream()
                .filter(
                    tensor ->
                        ((JsonValue.Obj) tensor)
                            .getString("name")
                            .orElseThrow()
                            .equals("model.layers.1.mlp.down_proj.weight"))
                .findFirst()
                .orElseThrow();
    assertTrue(first.getString("scheme").orElseThrow().startsWith("int8:channel"));
  }

  @Test
  void peopleReadASummary() {
    CommandRun run = quantize(target("int4"), "int4:g64:sym rtn");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("layers       42 at 4.250 bits per weight"), run.out());
    assertTrue(run.out().contains("size         10.49 MB -> "), run.out());
  }

  @Test
  void namesAndTextsAreTheSameInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      CommandRun run =
          quantize(target("x"), CALIBRATED, "--samples", "2", "--context", "24", "--json");
      assertEquals(
          "2 windows of 24 tokens written by the model, seed 0",
          run.json().getString("calibration").orElseThrow());
      assertEquals(run.out().length(), run.out().getBytes(StandardCharsets.UTF_8).length);
      CommandRun text = quantize(target("y"), "int4:g64:sym rtn");
      assertEquals(text.out().length(), text.out().getBytes(StandardCharsets.UTF_8).length);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void theResultDependsOnTheSeedButNotOnTheThreads() throws IOException {
    String[] small = {"--samples", "2", "--context", "24", "--seed", "5", "--threads"};
    assertEquals(0, quantize(target("one"), CALIBRATED, with(small, "1")).status());
    assertEquals(0, quantize(target("two"), CALIBRATED, with(small, "2")).status());
    assertArrayEquals(weights(target("one")), weights(target("two")));
    String[] other = {"--samples", "2", "--context", "24", "--seed", "6"};
    assertEquals(0, quantize(target("other"), CALIBRATED, other).status());
    assertFalse(Arrays.equals(weights(target("one")), weights(target("other"))));
  }

  private static String[] with(String[] args, String last) {
    return Stream.concat(Stream.of(args), Stream.of(last)).toArray(String[]::new);
  }

  @Test
  void aStoppedRunIsResumed() throws IOException {
    String[] small = {"--samples", "2", "--context", "24", "--calib", CommandRun.TEXT};
    assertEquals(0, quantize(target("straight"), CALIBRATED, small).status());
    AtomicInteger questions = new AtomicInteger();
    CommandRun stopped =
        CommandRun.of(
            false,
            () -> questions.incrementAndGet() > 12,
            call(target("resumed"), CALIBRATED, with(small, "--resume")));
    stopped.requireFailure(Failure.WORK, "stopped");
    assertFalse(Files.exists(target("resumed")));
    quantize(target("resumed"), "int3:g64:asym gptq", with(small, "--resume"))
        .requireFailure(Failure.CALL, "recipe");
    assertEquals(0, quantize(target("resumed"), CALIBRATED, with(small, "--resume")).status());
    assertArrayEquals(weights(target("straight")), weights(target("resumed")));
  }

  @Test
  void whatIsThereIsNotOverwrittenUnlessWanted() throws IOException {
    Path target = target("model");
    assertEquals(0, quantize(target, "int4:g64:sym rtn").status());
    byte[] before = weights(target);
    quantize(target, "int8:channel:sym rtn").requireFailure(Failure.CALL, "exists already");
    assertArrayEquals(before, weights(target));
    assertEquals(0, quantize(target, "int8:channel:sym rtn", "--overwrite").status());
    assertFalse(Arrays.equals(before, weights(target)));
    CommandRun.of(
            "quantize",
            target.toString(),
            target.toString(),
            "--recipe",
            "int4:g64:sym rtn",
            "--overwrite")
        .requireFailure(Failure.CALL, "the output is the input");
  }

  /** A trainer's layout: the model is in a directory of a model. */
  @Test
  void anOutputMustNotContainWhatIsRead() throws IOException {
    Path base = Files.createDirectories(target("family/base"));
    for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(Path.of(CommandRun.MODEL).resolve(file), base.resolve(file));
      Files.copy(Path.of(CommandRun.MODEL).resolve(file), target("family").resolve(file));
    }
    String[] more = {"--recipe", "int4:g64:sym rtn", "--overwrite"};
    CommandRun.of(
            Stream.concat(
                    Stream.of("quantize", base.toString(), target("family").toString()),
                    Stream.of(more))
                .toArray(String[]::new))
        .requireFailure(Failure.CALL, "the output contains the input");
    assertTrue(Files.exists(base.resolve("model.safetensors")));
    Path text = Files.copy(Path.of(CommandRun.TEXT), target("family").resolve("text.txt"));
    quantize(target("family"), "int4:g64:sym gptq", "--calib", text.toString(), "--overwrite")
        .requireFailure(Failure.CALL, "the output contains the input");
    CommandRun.of(
            "eval",
            base.toString(),
            "--text",
            text.toString(),
            "--logits-out",
            base.resolve("model.safetensors").toString())
        .requireFailure(Failure.CALL, "--logits-out", "the files of the input");
    assertTrue(Files.exists(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int4:g64:asim rtn; did you mean 'asym'?",
        "int4:g60:asym rtn; 60 does not divide the 256 inputs",
        "nothing; 'nothing'"
      })
  void wrongRecipesAreExplained(String recipe, String part) throws IOException {
    quantize(target("x"), recipe).requireFailure(Failure.CALL, part);
    requireNothingLeft();
  }

  @Test
  void wrongOptionsAreExplained() throws IOException {
    String recipe = "int4:g64:asym gptq";
    quantize(target("x"), recipe, "--keep", "*.nothing")
        .requireFailure(Failure.CALL, "pattern '*.nothing' matches no linear layer");
    quantize(target("x"), recipe, "--set", "lm_head").requireFailure(Failure.CALL, "--set");
    quantize(target("x"), recipe, "--set", "lm_head=int9:channel rtn")
        .requireFailure(Failure.CALL, "int9");
    quantize(target("x"), recipe, "--calib", "nowhere.txt")
        .requireFailure(Failure.CALL, "nowhere.txt: no such file");
    quantize(target("x"), recipe, "--calib", CommandRun.TEXT, "--context", "9000")
        .requireFailure(Failure.CALL, "context: windows of 9000 tokens, expected at most 1024");
    Path few = Files.writeString(target("few.txt"), "A few words.");
    quantize(target("x"), recipe, "--calib", few.toString())
        .requireFailure(Failure.CALL, "calibration text: ", "at least the 256 of one window");
    Files.delete(few);
    quantize(target("x"), recipe, "--samples", "0").requireFailure(Failure.CALL, "--samples: 0");
    CommandRun.of("quantize", "nowhere", target("x").toString(), "--recipe", recipe)
        .requireFailure(Failure.CALL, "nowhere: no such directory");
    requireNothingLeft();
  }

  @Test
  void quantizedModelsAreNotQuantizedAgain() throws IOException {
    assertEquals(0, quantize(target("once"), "int4:g64:sym rtn").status());
    CommandRun.of(
            "quantize",
            target("once").toString(),
            target("twice").toString(),
            "--recipe",
            "int4:g64:sym rtn")
        .requireFailure(Failure.CALL, "is the model quantized already?");
    assertFalse(Files.exists(target("twice")));
  }

  @Test
  void aPlaceThatCannotBeWrittenIsNamed() throws IOException {
    Path file = Files.writeString(target("file"), "a file");
    quantize(file.resolve("x"), "int4:g64:sym rtn")
        .requireFailure(Failure.CALL, "OUT_DIR: ", "file is not a directory");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8:channel:sym rtn",
        "int4:g64:sym rtn",
        "int4:g64:asym rtn",
        "int3:g64:asym rtn"
      })
  @Tag("conformance")
  void perplexitiesAreThoseOfTheReference(String recipe) throws IOException {
    JsonValue.Obj expected =
        JsonParser.parseObject(Files.readAllBytes(SharedData.path("fixtures/lm/expected.json")))
            .getObject("gutenberg-5m")
            .orElseThrow()
            .getObject("recipes")
            .orElseThrow()
            .getObject(recipe)
            .orElseThrow();
    assertEquals(0, quantize(target("x"), recipe).status());
    CommandRun run =
        CommandRun.of(
            "eval",
            target("x").toString(),
            "--text",
            SharedData.path("data/text/gutenberg-eval.txt").toString(),
            "--max-windows",
            "128",
            "--reference",
            CommandRun.MODEL,
            "--json");
    double perplexity = expected.getDouble("perplexity").orElseThrow();
    assertEquals(1, run.number("perplexity") / perplexity, 0.01, recipe);
    assertEquals(expected.getDouble("top1").orElseThrow(), run.number("top1"), 0.01, recipe);
  }
}
