// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedModelWriter;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.config.WeightPlacement;
import io.github.quant4j.model.decoder.Configurations;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.DecoderNetwork;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in directories, full precision and quantized. */
class StoredModelTest {
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  @TempDir Path temporary;

  static Stream<Arguments> modelsAndQuantizers() {
    return TestModels.names().stream()
        .flatMap(
            name ->
                Stream.of("int4:g16:sym rtn", "int3:channel:asym rtn", "fp8e4m3:channel rtn")
                    .map(quantizer -> Arguments.of(name, quantizer)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-biased-rope-parameters", "qwen3-head-norms"})
  void aDirectoryIsOpened(String name) throws IOException {
    Expected expected = Expected.of(name);
    try (LanguageModel model = LanguageModel.open(TestModels.directory(name), SCALAR)) {
      float[] logits = model.logits(expected.tokens()[0]).data();
      assertArrayEquals(Arrays.copyOf(expected.logits(), logits.length), logits, 1e-4f);
    }
  }

  private static Map<String, QuantizedLinear> quantized(DecoderNetwork model, String quantizer) {
    Map<String, QuantizedLinear> layers = new HashMap<>();
    for (int i = 0; i < model.blocks().size(); i++) {
      try (Block block = model.open(i)) {
        for (LinearSite site : block.layout().sites()) {
          QuantizedLinear original = block.linear(site);
          QuantizedLinear linear =
              QuantizedLinear.of(
                  Quantizer.of(quantizer).quantize(original.toDense(), Compute.scalar()));
          layers.put(site.name(), original.bias().map(linear::withBias).orElse(linear));
        }
      }
    }
    return layers;
  }

  private Path write(String name, Map<String, QuantizedLinear> layers) throws IOException {
    Path target = temporary.resolve("quantized");
    try (ModelDirectory source = ModelDirectory.open(TestModels.directory(name));
        OutputDirectory output = OutputDirectory.create(target, false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(ModelSource.of(source), output)) {
      for (Map.Entry<String, QuantizedLinear> layer : layers.entrySet()) {
        writer.add(layer.getKey(), layer.getValue());
      }
      writer.finish(layers.keySet().stream().sorted().toList());
      output.commit();
    }
    return target;
  }

  @ParameterizedTest
  @MethodSource("modelsAndQuantizers")
  void aQuantizedDirectoryIsServedFromItsPackedWeights(String name, String quantizer)
      throws IOException {
    int[] tokens = Expected.of(name).tokens()[0];
    Path directory = TestModels.directory(name);
    DecoderConfiguration configuration = Configurations.of(directory);
    ModelWeights source = TestModels.weights(directory);
    Map<String, QuantizedLinear> layers =
        quantized(DecoderNetwork.of(configuration, source, SCALAR), quantizer);
    float[] original;
    float[] inMemory;
    try (LanguageModel model = LanguageModel.of(configuration, source, SCALAR)) {
      original = model.logits(tokens).data();
      inMemory =
          LanguageModel.of(configuration, ModelWeights.of(source.tensors(), layers), SCALAR)
              .logits(tokens)
              .data();
    }
    Path stored = write(name, layers);
    for (WeightPlacement placement : WeightPlacement.values()) {
      try (LanguageModel served = LanguageModel.open(stored, SCALAR.withPlacement(placement))) {
        // Scales may be stored in fewer bits than the quantizer has them in.
        float[] logits = served.logits(tokens).data();
        assertArrayEquals(inMemory, logits, 0.02f, name + ", " + quantizer + ", " + placement);
        assertFalse(Arrays.equals(original, logits), "quantization must make a difference");
        LinearSite site = served.sites().getFirst();
        try (Block block = served.graph().open(0)) {
          assertEquals(
              layers.get(site.name()).bias().isPresent(), block.linear(site).bias().isPresent());
          assertTrue(block.linear(site).bitsPerWeight() < 12, block.linear(site).toString());
        }
      }
    }
  }

  @Test
  void aDamagedLayerIsRefusedWhenTheModelIsOpened() throws IOException {
    String name = "llama-untied";
    DecoderNetwork model =
        DecoderNetwork.of(
            Configurations.of(TestModels.directory(name)),
            TestModels.weights(TestModels.directory(name)),
            SCALAR);
    Path stored = write(name, quantized(model, "int4:g16:sym rtn"));
    Path file = stored.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 5] ^= 1;
    Files.write(file, bytes);
    // The last tensor is a layer's or a norm's: found when opening, or when running.
    RuntimeException e =
        assertThrows(
            InvalidModelException.class,
            () -> {
              try (LanguageModel damaged = LanguageModel.open(stored, SCALAR)) {
                damaged.logits(new int[] {1});
              }
            });
    assertTrue(e.getMessage().contains("checksum"), e.getMessage());
  }

  private Path copy(String name) throws IOException {
    Path target = Files.createDirectory(temporary.resolve("copy"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(TestModels.directory(name).resolve(file), target.resolve(file));
    }
    return target;
  }

  @Test
  void endTokensOfTheGenerationConfigurationCount() throws IOException {
    Path directory = copy("llama-untied");
    try (LanguageModel model = LanguageModel.open(directory, SCALAR)) {
      assertEquals(List.of(2), model.endTokens());
    }
    Path generation = directory.resolve("generation_config.json");
    Files.writeString(generation, "{\"eos_token_id\": [5, 7]}");
    try (LanguageModel model = LanguageModel.open(directory, SCALAR)) {
      assertEquals(List.of(5, 7), model.endTokens());
    }
    for (String bad : List.of("{\"eos_token_id\": 64}", "[]", "{")) {
      Files.writeString(generation, bad);
      InvalidModelException e =
          assertThrows(InvalidModelException.class, () -> LanguageModel.open(directory, SCALAR));
      assertTrue(e.getMessage().contains("generation_config.json"), e.getMessage());
    }
  }

  @Test
  void badDirectoriesAreRefused() throws IOException {
    assertThrows(
        TensorFileException.class, () -> LanguageModel.open(temporary.resolve("absent"), SCALAR));
    Path directory = copy("llama-untied");
    byte[] weights = Files.readAllBytes(directory.resolve("model.safetensors"));
    Files.write(
        directory.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length - 10));
    assertThrows(TensorFileException.class, () -> LanguageModel.open(directory, SCALAR));
    Files.write(directory.resolve("model.safetensors"), weights);
    String config = Files.readString(directory.resolve("config.json"));
    Files.writeString(
        directory.resolve("config.json"),
        config.replace("\"hidden_size\": 32", "\"hidden_size\": 64"));
    InvalidModelException e =
        assertThrows(InvalidModelException.class, () -> LanguageModel.open(directory, SCALAR));
    assertTrue(e.problems().size() > 10, e.getMessage());
    Files.write(
        directory.resolve("config.json"), "{\"vocab_size\": }".getBytes(StandardCharsets.UTF_8));
    assertThrows(TensorFileException.class, () -> LanguageModel.open(directory, SCALAR));
    // Whatever was wrong, the directory can be opened once it is right again.
    Files.writeString(directory.resolve("config.json"), config);
    try (LanguageModel model = LanguageModel.open(directory, SCALAR);
        Block block = model.graph().open(0)) {
      block.run(model.graph().embed(List.of(new int[] {1, 2})), SiteObserver.none());
    }
  }
}
