// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.checkpoint.gguf.ExactBlocks;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufValue;
import io.github.quant4j.io.gguf.GgufWriter;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.BlockQuantizer;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.gguf.GgufArchitecture;
import io.github.quant4j.model.gguf.GgufArchitectures;
import io.github.quant4j.model.gguf.GgufLayout;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random models of every architecture are written as GGUF and read again. That llama.cpp computes
 * the same of these files was checked when they were first written, see docs/gguf.md.
 */
class GgufExportTest {
  private static final long SEED = 5;
  private static final Path BUNDLED = Path.of("..", "examples", "models", "gutenberg-5m");
  private static final String GOLDEN = "/gguf/gutenberg-5m-logits.json";

  @TempDir private Path directory;

  private static JsonValue.Obj models() {
    try (InputStream in = GgufExportTest.class.getResourceAsStream("/gguf/models.json")) {
      return JsonParser.parseObject(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<String> names() {
    return models().members().keySet().stream();
  }

  private static RandomSource source(String name) {
    return RandomSource.of(models().getObject(name).orElseThrow(), SEED);
  }

  private static int[] tokens(int count) {
    return new Random(SEED).ints(count, 0, 96).toArray();
  }

  private static float[] logits(RandomSource source) throws IOException {
    try (LanguageModel model =
        LanguageModel.of(
            JsonWriter.compact(source.config()),
            new StoredWeights(source),
            ModelOptions.defaults())) {
      return model.logits(tokens(24)).data();
    }
  }

  private static float[] logits(Path file) throws IOException {
    try (LanguageModel model = LanguageModel.open(file)) {
      return model.logits(tokens(24)).data();
    }
  }

  private Path write(RandomSource source, String type) throws IOException {
    Path file = directory.resolve(type + ".gguf");
    ModelExports.named("gguf:" + type)
        .write(source, file, ExportOptions.defaults().withOverwrite(true));
    return file;
  }

  @ParameterizedTest
  @MethodSource("names")
  void theModelThatIsReadIsTheOneThatWasWritten(String name) throws IOException {
    RandomSource source = source(name);
    float[] expected = logits(source);
    assertArrayEquals(expected, logits(write(source, "F32")), 1e-4f, "seed " + SEED);
    keep(name, expected);
  }

  /** Files and logits for a comparison with llama.cpp, where a system property asks for them. */
  private void keep(String name, float[] expected) throws IOException {
    String keep = System.getProperty("quant4j.gguf.keep", "");
    if (!keep.isEmpty()) {
      Files.copy(directory.resolve("F32.gguf"), Path.of(keep, name + ".gguf"));
      Files.writeString(
          Path.of(keep, name + ".json"),
          Arrays.toString(tokens(24)) + "\n" + Arrays.toString(expected));
    }
  }

  @Test
  void everyArchitectureHasAModel() {
    Set<String> tested = new TreeSet<>();
    names()
        .map(name -> models().getObject(name).orElseThrow())
        .forEach(config -> tested.add(GgufLayout.of(config, "test").architecture().name()));
    Set<String> known = new TreeSet<>();
    GgufArchitectures.all().stream().map(GgufArchitecture::name).forEach(known::add);
    assertEquals(known, tested);
  }

  private static JsonValue.Obj with(String name, String member, JsonValue value) {
    SequencedMap<String, JsonValue> members =
        new LinkedHashMap<>(models().getObject(name).orElseThrow().members());
    members.put(member, value);
    return new JsonValue.Obj(members);
  }

  @ParameterizedTest
  @CsvSource({
    "mixtral, sliding_window, 16, 'window'",
    "gemma2, query_pre_attn_scalar, 24, 'score_factor'",
    "smollm3, no_rope_layer_interval, 2, 'rotary'",
    "gpt-oss, swiglu_limit, 1.5, 'expert_gate_limit'",
    "exaone4, head_dim, 32, 'head_size * heads == hidden'",
    "deepseek-v2, q_lora_rank, 0, 'query_rank > 0'",
    "minicpm3, scale_emb, 3, 'embedding_factor'"
  })
  void whatLlamaCppWouldComputeOtherwiseIsRefusedByName(
      String name, String member, String value, String named) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> GgufLayout.of(with(name, member, new JsonValue.Num(value)), "test"));
    assertTrue(e.getMessage().contains(named.replace("'", "")), e.getMessage());
  }

  @Test
  void whatHasNoArchitectureIsRefused() {
    JsonValue.Obj config = with("llama", "architectures", JsonValue.of(List.of("OPTForCausalLM")));
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(config.members());
    members.keySet().removeAll(Set.of("model_type", "rms_norm_eps", "rope_theta", "head_dim"));
    members.put("ffn_dim", new JsonValue.Num("96"));
    members.put("word_embed_proj_dim", new JsonValue.Num("64"));
    assertThrows(
        IllegalArgumentException.class, () -> GgufLayout.of(new JsonValue.Obj(members), "test"));
  }

  private Path bundled(String type) throws IOException {
    Path file = directory.resolve("bundled-" + type + ".gguf");
    try (ModelSource source = ModelFormats.open(BUNDLED)) {
      ModelExports.named("gguf:" + type).write(source, file, ExportOptions.defaults());
    }
    return file;
  }

  /** The golden numbers are llama.cpp's own. */
  @Test
  void logitsAreThoseOfLlamaCpp() throws IOException {
    JsonValue.Obj golden;
    try (InputStream in = GgufExportTest.class.getResourceAsStream(GOLDEN)) {
      golden = JsonParser.parseObject(in.readAllBytes());
    }
    int[] tokens =
        golden.getArray("tokens").orElseThrow().stream()
            .mapToInt(token -> (int) ((JsonValue.Num) token).asLong())
            .toArray();
    List<JsonValue> rows = golden.getArray("logits").orElseThrow();
    try (LanguageModel model = LanguageModel.open(bundled("F16"))) {
      FloatMatrix logits = model.logits(tokens);
      for (int row = 0; row < rows.size(); row++) {
        List<JsonValue> expected = ((JsonValue.Arr) rows.get(row)).elements();
        for (int i = 0; i < expected.size(); i++) {
          double value = ((JsonValue.Num) expected.get(i)).asDouble();
          assertEquals(value, logits.get(row, i), 2e-2, "position " + row + ", token " + i);
        }
      }
      assertEquals(
          "It was",
          model.tokenizer().decode(model.tokenizer().encode("It was", false), true).strip());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Q8_0", "Q4_K_M"})
  void blocksAreThoseOfTheQuantizer(String type) throws IOException {
    Compute compute = KernelOptions.defaults().compute();
    try (ModelSource source = ModelFormats.open(BUNDLED);
        ModelSource read = ModelFormats.open(bundled(type))) {
      assertEquals(43, read.quantized().modules().size());
      for (String module : read.quantized().modules()) {
        QuantizedLinear linear = read.quantized().find(module).orElseThrow();
        BlockTerm term = assertInstanceOf(BlockTerm.class, linear.terms().getFirst());
        FloatMatrix weights = source.require(module + ".weight").toMatrix();
        BlockMatrix expected =
            BlockQuantizer.quantize(term.matrix().format(), weights, null, compute);
        assertEquals(-1, expected.data().mismatch(term.matrix().data()), module);
        assertArrayEquals(
            expected.dequantize().data(), read.require(module + ".weight").toFloatArray(), module);
      }
    }
  }

  @Test
  void blocksThatAreThereAreCopied() throws IOException {
    Path first = bundled("Q4_K_M");
    Path second = directory.resolve("again.gguf");
    ExportReport report;
    try (ModelSource source = ModelFormats.open(first)) {
      report = ModelExports.named("gguf:Q4_K_M").write(source, second, ExportOptions.defaults());
      ExportException refused =
          assertThrows(
              ExportException.class,
              () ->
                  ModelExports.named("gguf:Q3_K_S")
                      .write(source, directory.resolve("no.gguf"), ExportOptions.defaults()));
      assertTrue(refused.getMessage().contains("Q3_K"), refused.getMessage());
    }
    assertEquals(43, report.count(LayerExport.Outcome.CONVERTED));
    try (GgufFile one = GgufFile.open(first);
        GgufFile other = GgufFile.open(second)) {
      assertEquals(one.tensors().keySet(), other.tensors().keySet());
      one.tensors()
          .forEach(
              (name, tensor) ->
                  assertEquals(-1, tensor.data().mismatch(other.tensors().get(name).data()), name));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g32:sym rtn, Q4_0, true",
    "int4:g64:asym rtn, Q4_0, false",
    "int5:g32:sym rtn, Q5_0, true",
    "int8:g32:sym rtn, Q8_0, true",
    "int3:g32:sym rtn, Q4_0, true",
    "int4:g48:sym rtn, Q4_0, false",
    "int4:g32:sym rtn, Q4_K, false"
  })
  void integersThatBlocksCanSayAreTheSame(String recipe, String format, boolean exact) {
    Random random = new Random(SEED);
    FloatMatrix weights = FloatMatrix.zeros(6, 192);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] = (float) random.nextGaussian();
    }
    QuantizedLinear linear =
        QuantizedLinear.of(
            Quantizer.of(recipe).quantize(weights, KernelOptions.defaults().compute()));
    Optional<BlockMatrix> blocks = ExactBlocks.of(linear, BlockFormat.find(format).orElseThrow());
    assertEquals(exact, blocks.isPresent(), "seed " + SEED);
    if (exact) {
      assertArrayEquals(
          linear.toDense().data(), blocks.orElseThrow().dequantize().data(), "seed " + SEED);
    }
  }

  private Path changed(String key, GgufValue value, String tensor) throws IOException {
    Path file = write(source("llama"), "F32");
    Path changed = directory.resolve("changed.gguf");
    try (GgufFile read = GgufFile.open(file)) {
      GgufWriter writer = new GgufWriter(read.metadata().toBuilder().put(key, value).build());
      read.tensors().values().forEach(writer::add);
      if (!tensor.isEmpty()) {
        writer.add(Tensor.ofFloats(Shape.of(4), new float[4]).withName(tensor));
      }
      writer.write(changed);
    }
    return changed;
  }

  @Test
  void whatIsNotUnderstoodIsRefusedByName() throws IOException {
    Path key = changed("llama.attention.twist", new GgufValue.Flag(true), "");
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> ModelFormats.open(key).close());
    assertTrue(e.getMessage().contains("llama.attention.twist"), e.getMessage());
    Path tensor = changed("general.name", new GgufValue.Text("x"), "blk.1.attn_twist.weight");
    e = assertThrows(TensorFileException.class, () -> ModelFormats.open(tensor).close());
    assertTrue(e.getMessage().contains("blk.1.attn_twist.weight"), e.getMessage());
    Path type = changed("llama.rope.scaling.type", new GgufValue.Text("spiral"), "");
    e = assertThrows(TensorFileException.class, () -> ModelFormats.open(type).close());
    assertTrue(e.getMessage().contains("spiral"), e.getMessage());
    Path architecture = changed("general.architecture", new GgufValue.Text("mamba"), "");
    e = assertThrows(TensorFileException.class, () -> ModelFormats.open(architecture).close());
    assertTrue(e.getMessage().contains("mamba"), e.getMessage());
    Path harmless = changed("general.author", new GgufValue.Text("x"), "");
    ModelFormats.open(harmless).close();
  }

  @Test
  void aDirectoryWithOneFileIsThatFile() throws IOException {
    Path folder = Files.createDirectory(directory.resolve("folder"));
    Path file = write(source("llama"), "F16");
    Files.move(file, folder.resolve("model.gguf"));
    try (ModelSource model = ModelFormats.open(folder)) {
      assertEquals(folder.resolve("model.gguf"), model.path());
    }
  }
}
