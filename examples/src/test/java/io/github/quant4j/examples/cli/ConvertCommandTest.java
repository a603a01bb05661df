// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
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
import org.junit.jupiter.params.provider.ValueSource;

class ConvertCommandTest {
  private static final String RECIPE = "int4:g16:sym rtn";

  @TempDir Path temporary;

  private String model = "";
  private Path target = Path.of("");

  @BeforeEach
  void findModel() throws IOException {
    model = TinyModel.in(temporary).directory().toString();
    Files.delete(temporary.resolve("words.txt"));
    target = temporary.resolve("out");
  }

  private CommandRun convert(String from, String... more) {
    return CommandRun.of(
        Stream.concat(Stream.of("convert", from, target.toString()), Stream.of(more))
            .toArray(String[]::new));
  }

  private Path quantized(String recipe) {
    Path quantized = temporary.resolve("quantized");
    CommandRun run =
        CommandRun.of("quantize", model, quantized.toString(), "--recipe", recipe, "--overwrite");
    assertEquals(0, run.status(), run.err());
    return quantized;
  }

  private void requireOnly(String... names) throws IOException {
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(
          Stream.of(names).sorted().toList(),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  private JsonValue.Obj config() throws IOException {
    return JsonParser.parseObject(Files.readAllBytes(target.resolve("config.json")))
        .getObject("quantization_config")
        .orElseThrow();
  }

  @Test
  void jsonSaysWhatBecameOfEachLayer() throws IOException {
    CommandRun run = convert(model, "--to", "gptq", "--recipe", RECIPE, "--json");
    assertEquals(
        List.of(
            "model",
            "output",
            "format",
            "recipe",
            "calibration",
            "copied",
            "converted",
            "quantized",
            "requantized",
            "dequantized",
            "refused",
            "layers",
            "bytes_before",
            "bytes_after",
            "seconds"),
        run.members());
    assertEquals(14, run.number("converted"));
    assertEquals(1, run.number("copied"));
    assertEquals(15, run.json().getArray("layers").orElseThrow().size());
    try (Stream<Path> files = Files.list(target)) {
      long bytes = files.mapToLong(file -> file.toFile().length()).sum();
      assertEquals(bytes, (long) run.number("bytes_after"));
    }
    assertEquals("gptq", config().getString("checkpoint_format").orElseThrow());
    requireOnly("out", "tiny");
    CommandRun verified = CommandRun.of("verify", target.toString(), "--json");
    assertTrue(verified.json().getBoolean("ok").orElseThrow(), verified.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "gptq_v2", "awq", "compressed-tensors"})
  void aQuantizedModelGivesTheSameTextInAnyForm(String format) throws IOException {
    Path quantized = quantized("int4:g16:asym rtn");
    CommandRun run = convert(quantized.toString(), "--to", format);
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("14 converted exactly"), run.out());
    assertEquals(generated(quantized), generated(target));
    requireOnly("out", "tiny", "quantized");
  }

  private static String generated(Path directory) {
    CommandRun run =
        CommandRun.of(
            "generate",
            directory.toString(),
            "--prompt",
            "abc",
            "--max-tokens",
            "12",
            "--temperature",
            "0",
            "--json");
    return run.json().getString("text").orElseThrow();
  }

  @Test
  void whatDoesNotFitIsRefusedUnlessItMayChange() throws IOException {
    Path quantized = quantized("nf4:g16:sym rtn");
    convert(quantized.toString(), "--to", "awq")
        .requireFailure(2, "awq: '", "and 13 more layers", "nf4", "--requantize");
    requireOnly("tiny", "quantized");
    CommandRun run = convert(quantized.toString(), "--to", "awq", "--requantize");
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.out().contains("14 quantized again: int4:g16:asym, as its weights are nf4"), run.out());
  }

  @Test
  void nothingIsLeftIfTheFormCannotHoldTheRecipe() throws IOException {
    convert(model, "--to", "awq", "--recipe", "int8:channel:sym rtn").requireFailure(2, "8 bits");
    requireOnly("tiny");
  }

  @Test
  void keptLayersStayAndOthersMayDiffer() throws IOException {
    CommandRun run =
        convert(
            model,
            "--to",
            "gptq",
            "--recipe",
            RECIPE,
            "--keep",
            "*.o_proj",
            "--set",
            "*.down_proj=int8:channel:sym rtn",
            "--json");
    assertEquals(12, run.number("converted"));
    assertEquals(3, run.number("copied"));
    JsonValue.Obj dynamic = config().getObject("dynamic").orElseThrow();
    JsonValue.Obj wide =
        dynamic.getObject("+:^model\\.layers\\.1\\.mlp\\.down_proj$").orElseThrow();
    assertEquals(8, wide.getInt("bits").orElseThrow());
    assertEquals(-1, wide.getInt("group_size").orElseThrow());
    assertTrue(dynamic.getObject("-:^model\\.layers\\.0\\.self_attn\\.o_proj$").isPresent());
  }

  @Test
  void whatIsThereIsReplacedIfAsked() throws IOException {
    assertEquals(0, convert(model, "--to", "awq", "--recipe", RECIPE).status());
    convert(model, "--to", "gptq", "--recipe", RECIPE)
        .requireFailure(2, "exists already", "--overwrite");
    assertEquals("awq", config().getString("quant_method").orElseThrow());
    assertEquals(0, convert(model, "--to", "gptq", "--recipe", RECIPE, "--overwrite").status());
    assertEquals("gptq", config().getString("quant_method").orElseThrow());
  }

  @Test
  void callsThatMakeNoSenseAreRefused() throws IOException {
    convert(model, "--to", "awq").requireFailure(2, "no layer is quantized", "--recipe");
    convert(model).requireFailure(2, "--to");
    convert(model, "--to", "zip").requireFailure(2, "--to", "zip", "gptq_v2", "awq");
    convert(model, "--to", "awq:marlin").requireFailure(2, "--to", "marlin", "gemv_fast");
    convert(model, "--to", "awq", "--keep", "*").requireFailure(2, "--keep", "--recipe");
    convert(model, "--to", "awq", "--resume").requireFailure(2, "--resume");
    convert(model, "--to", "awq", "--imatrix", model).requireFailure(2, "--imatrix", "gguf");
    convert(model, "--to", "awq", "--recipe", "int4").requireFailure(2, "int4");
    CommandRun.of("convert", model, model, "--to", "awq", "--overwrite").requireFailure(2, "tiny");
    convert(temporary.resolve("missing").toString(), "--to", "awq").requireFailure(2, "missing");
    requireOnly("tiny");
  }
}
