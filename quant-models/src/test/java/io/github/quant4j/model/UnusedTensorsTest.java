// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.decoder.Configurations;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnusedTensorsTest {
  private static final String NAME = "llama-untied";
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  @TempDir Path folder;

  private static Tensor ones(String name, long... shape) {
    float[] values = new float[(int) Shape.of(shape).elementCount()];
    Arrays.fill(values, 1);
    return Tensor.ofFloats(Shape.of(shape), values).withName(name);
  }

  private static LanguageModel open(
      DecoderConfiguration configuration, Map<String, Tensor> tensors) {
    return LanguageModel.of(configuration, ModelWeights.of(TestModels.tensors(tensors)), SCALAR);
  }

  private static LanguageModel with(Tensor... more) {
    Path directory = TestModels.directory(NAME);
    SequencedMap<String, Tensor> tensors = TestModels.copy(TestModels.weights(directory).tensors());
    for (Tensor tensor : more) {
      tensors.put(tensor.name(), tensor);
    }
    return open(Configurations.of(directory), tensors);
  }

  private static void assertRefused(String expected, Tensor... more) {
    InvalidModelException e = assertThrows(InvalidModelException.class, () -> with(more));
    assertEquals(1, e.problems().size(), e.getMessage());
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.layers.0.self_attn.q_norm.weight",
        "model.layers.1.pre_feedforward_layernorm.weight",
        "model.layers.0.mlp.router.weight",
        "model.layers.0.self_attn.sinks",
        "model.layers.0.self_attn.q_proj.lora_A.weight",
        "lm_head.bias",
        "model.embed_positions.weight",
        "model.layers.0.self_attn.q_proj.weight_scale",
        "model.layers.0.mlp.up_proj.qweight",
        "model.layers.1.self_attn.k_scale",
      })
  void whatOtherArchitecturesHaveIsRefusedByName(String name) {
    assertRefused(name, ones(name, 4));
  }

  @Test
  void scalesAreRefusedEvenIfTheyAreSingleNumbers() {
    String name = "model.layers.0.self_attn.q_proj.weight_scale";
    assertRefused(name, ones(name));
  }

  @Test
  void layersBeyondTheLastAreRefusedByName() {
    int layers = Configurations.of(TestModels.directory(NAME)).layers();
    String layer = "model.layers." + layers;
    assertRefused(
        layer + ".* (2): the layer is not used, as 'num_hidden_layers' is " + layers,
        ones(layer + ".input_layernorm.weight", 4),
        ones(layer + ".mlp.up_proj.weight", 4, 4));
  }

  @Test
  void buffersAndSingleNumbersAreFine() {
    try (LanguageModel model =
        with(
            ones("model.layers.0.self_attn.rotary_emb.inv_freq", 4),
            ones("model.layers.0.self_attn.masked_bias"),
            Tensor.ofLongs(Shape.of(), new long[] {7}).withName("num_batches_tracked"),
            ones("model.empty", 0),
            Tensor.ofBytes(DType.BOOL, Shape.of(4), new byte[4]).withName("model.mask"))) {
      assertEquals(List.of(), model.warnings());
      try (LanguageModel plain = TestModels.open(NAME)) {
        int[] tokens = {1, 2, 3};
        assertArrayEquals(plain.logits(tokens).data(), model.logits(tokens).data());
      }
    }
  }

  @Test
  void tensorsOfAnotherNetworkAreAWarning() {
    try (LanguageModel model = with(ones("reward.weight", 4), ones("vision.proj.weight", 4))) {
      assertEquals(1, model.warnings().size());
      String warning = model.warnings().getFirst();
      assertTrue(
          warning.contains("reward.weight") && warning.contains("vision.proj.weight"), warning);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, true", "false, false"})
  void aTiedHeadMayBeStoredIfItIsTheEmbeddings(boolean isSame, boolean isRead) {
    Path directory = TestModels.directory(NAME);
    SequencedMap<String, Tensor> tensors = TestModels.copy(TestModels.weights(directory).tensors());
    if (isSame) {
      Tensor embeddings = tensors.get("model.embed_tokens.weight");
      tensors.put("lm_head.weight", embeddings.withName("lm_head.weight"));
    }
    DecoderConfiguration tied =
        Configurations.parse(
            TestModels.configuration(directory)
                .replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true"));
    if (isRead) {
      open(tied, tensors).close();
    } else {
      InvalidModelException e =
          assertThrows(InvalidModelException.class, () -> open(tied, tensors));
      assertTrue(e.getMessage().contains("'lm_head.weight': differs"), e.getMessage());
    }
  }

  /** As they are found in a directory, which is also what verify tells. */
  @Test
  void verifyTellsAllOfThem() throws IOException {
    Path directory = TestModels.directory(NAME);
    Files.copy(directory.resolve("config.json"), folder.resolve("config.json"));
    Path file = folder.resolve("model.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      model.names().forEach(name -> writer.add(model.require(name)));
      writer.add(ones("model.layers.0.self_attn.q_norm.weight", 8));
      writer.add(ones("model.layers.77.mlp.up_proj.weight", 8));
      writer.write(file);
    }
    String problems = ModelCheck.verify(folder).toString();
    assertTrue(problems.contains("q_norm"), problems);
    assertTrue(problems.contains("model.layers.77.*"), problems);
    Files.writeString(
        folder.resolve("config.json"),
        Files.readString(directory.resolve("config.json")).replaceFirst("\\{", "{\"twist\": 2,"));
    assertEquals(List.of(), ModelCheck.warnings(folder));
    Files.copy(directory.resolve("model.safetensors"), file, StandardCopyOption.REPLACE_EXISTING);
    assertEquals(List.of(), ModelCheck.verify(folder));
    assertTrue(ModelCheck.warnings(folder).getFirst().startsWith("'twist': 2 is not known"));
  }

  @Test
  void layersOfAnEncoderBeyondTheLastAreRefused() throws IOException {
    Path directory = TestModels.directory("whisper-prefixed");
    Files.copy(directory.resolve("config.json"), folder.resolve("config.json"));
    SafetensorsWriter writer = new SafetensorsWriter();
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      model.names().forEach(name -> writer.add(model.require(name)));
      writer.add(ones("model.encoder.layers.9.fc1.weight", 8));
      writer.add(ones("model.decoder.layers.9.fc1.weight", 8));
      writer.write(folder.resolve("model.safetensors"));
    }
    InvalidModelException e =
        assertThrows(InvalidModelException.class, () -> SpeechEncoder.open(folder, SCALAR));
    assertEquals(1, e.problems().size(), e.getMessage());
    assertTrue(e.getMessage().contains("model.encoder.layers.9.* (1)"), e.getMessage());
  }
}
