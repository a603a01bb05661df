// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.config.WeightPlacement;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import io.github.quant4j.testing.models.TestEncoders.Expected;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SpeechEncoderTest {
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  static Stream<String> encoders() {
    return TestEncoders.names().stream();
  }

  static Stream<Arguments> variants() {
    return encoders()
        .flatMap(
            name ->
                Stream.of(
                    Arguments.of(name, SCALAR),
                    Arguments.of(name, SCALAR.withPlacement(WeightPlacement.IN_PLACE)),
                    Arguments.of(name, ModelOptions.defaults().withThreads(2))));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void featuresAreThoseOfTheOracle(String name, ModelOptions options) {
    try (SpeechEncoder encoder = TestEncoders.open(name, options)) {
      for (Expected expected : Expected.of(name)) {
        FloatMatrix features = encoder.encode(expected.logMel());
        assertEquals(expected.features().toString(), features.toString());
        assertArrayEquals(expected.features().data(), features.data(), 3e-5f, name);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("encoders")
  void inputsOfOneBatchDoNotSeeEachOther(String name) {
    List<Expected> expected = Expected.of(name);
    try (SpeechEncoder encoder = TestEncoders.open(name, SCALAR)) {
      HiddenStates states =
          encoder.run(expected.stream().map(Expected::logMel).toList(), SiteObserver.none());
      assertEquals(SequenceLayout.of(24, 16), states.layout());
      for (int i = 0; i < 2; i++) {
        FloatMatrix own =
            states.values().rowRange(states.layout().start(i), states.layout().start(i + 1));
        assertArrayEquals(expected.get(i).features().data(), own.data(), 3e-5f, name);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("encoders")
  void calibrationSeesTheSameNumbersBlockByBlock(String name) {
    FloatMatrix input = Expected.of(name).getFirst().logMel();
    try (SpeechEncoder encoder = TestEncoders.open(name, SCALAR)) {
      List<String> whole = new ArrayList<>();
      float[] features =
          encoder.run(List.of(input), (group, seen) -> whole.add(group.toString())).values().data();
      BlockModel<FloatMatrix> graph = encoder.graph();
      List<String> chained = new ArrayList<>();
      HiddenStates states = graph.embed(List.of(input));
      for (int i = 0; i < graph.blocks().size(); i++) {
        try (Block block = graph.open(i)) {
          states = block.run(states, (group, seen) -> chained.add(group.toString()));
        }
      }
      try (Block head = graph.openHead()) {
        states = head.run(states, SiteObserver.none());
      }
      assertArrayEquals(features, states.values().data());
      assertEquals(8, whole.size());
      assertEquals(whole, chained);
    }
  }

  @ParameterizedTest
  @MethodSource("encoders")
  void attentionGoesBothWays(String name) {
    for (Expected expected : Expected.of(name)) {
      try (SpeechEncoder encoder = TestEncoders.open(name, SCALAR)) {
        HiddenStates states = encoder.graph().embed(List.of(expected.logMel()));
        for (int layer = 0; layer < 2; layer++) {
          try (Block block = encoder.graph().open(layer)) {
            assertArrayEquals(
                expected.attentionReceived().rowRange(layer, layer + 1).data(),
                block.attentionReceived(states).orElseThrow(),
                1e-4f,
                name);
            states = block.run(states, SiteObserver.none());
          }
        }
        try (Block head = encoder.graph().openHead()) {
          assertTrue(head.attentionReceived(states).isEmpty());
        }
      }
    }
  }

  @Test
  void sitesAreNamedAsInTheCheckpoint() {
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", SCALAR)) {
      assertEquals("WhisperForConditionalGeneration", encoder.graph().architecture());
      assertEquals(
          List.of(
              "model.encoder.layers.0.self_attn.q_proj [32, 32]",
              "model.encoder.layers.0.self_attn.k_proj [32, 32]",
              "model.encoder.layers.0.self_attn.v_proj [32, 32]",
              "model.encoder.layers.0.self_attn.out_proj [32, 32]",
              "model.encoder.layers.0.fc1 [64, 32]",
              "model.encoder.layers.0.fc2 [32, 64]"),
          encoder.sites().stream().limit(6).map(LinearSite::toString).toList());
      assertEquals(12, encoder.sites().size());
      assertTrue(encoder.sites().get(0).bias().isPresent());
      assertTrue(encoder.sites().get(1).bias().isEmpty());
      assertTrue(encoder.graph().residualStream().isEmpty());
      assertTrue(encoder.toString().contains("2 layers of 32"), encoder.toString());
    }
    try (SpeechEncoder encoder = TestEncoders.open("whisper-bare", SCALAR)) {
      assertEquals("encoder.layers.1.fc2 [24, 40]", encoder.sites().getLast().toString());
    }
  }

  @Test
  void speechBecomesASpectrogramOfTheModelsLength() {
    SeededRandom random = new SeededRandom(8);
    try (SpeechEncoder encoder = TestEncoders.open("whisper-bare", SCALAR)) {
      Waveform speech = new Waveform(random.gaussians(2000), 8000);
      FloatMatrix spectrogram = encoder.spectrogram(speech);
      assertEquals(48, spectrogram.rows());
      assertEquals(8, spectrogram.columns());
      assertEquals(24, encoder.encode(spectrogram).rows());
    }
  }

  @Test
  void misuseIsRefused() {
    SpeechEncoder encoder = TestEncoders.open("whisper-bare", SCALAR);
    FloatMatrix input = FloatMatrix.zeros(48, 8);
    for (FloatMatrix wrong :
        List.of(
            FloatMatrix.zeros(49, 8),
            FloatMatrix.zeros(0, 8),
            FloatMatrix.zeros(8, 48),
            FloatMatrix.of(new float[][] {{0, 0, 0, Float.NaN, 0, 0, 0, 0}}))) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> encoder.encode(wrong)).getMessage();
      assertTrue(message.contains("spectrogram"), message);
    }
    assertThrows(IndexOutOfBoundsException.class, () -> encoder.graph().open(2));
    try (Block head = encoder.graph().openHead()) {
      BlockPass pass = head.begin(encoder.graph().embed(List.of(input)), false);
      assertThrows(IllegalStateException.class, pass::advance);
    }
    encoder.encode(input);
    encoder.close();
    encoder.close();
    assertThrows(IllegalStateException.class, () -> encoder.encode(input));
  }

  @Test
  void allProblemsOfTheTensorsAreToldTogether() throws IOException {
    String configuration =
        Files.readString(TestModels.directory("whisper-bare").resolve("config.json"));
    Map<String, Tensor> tensors;
    try (ModelWeights weights = TestModels.weights(TestModels.directory("whisper-bare"))) {
      tensors = TestModels.copy(weights.tensors());
      tensors.remove("encoder.conv1.bias");
      tensors.remove("encoder.layers.1.fc1.bias");
      tensors.put(
          "encoder.embed_positions.weight", Tensor.ofFloats(Shape.of(3, 24), new float[72]));
      InvalidModelException e =
          assertThrows(
              InvalidModelException.class,
              () ->
                  SpeechEncoder.of(
                      configuration, ModelWeights.of(TestModels.tensors(tensors)), SCALAR));
      assertEquals(
          List.of(
              "tensor 'encoder.conv1.bias' is missing, expected [24]",
              "tensor 'encoder.embed_positions.weight': [3, 24], expected [24, 24]",
              "tensor 'encoder.layers.1.fc1.bias' is missing, expected [40]"),
          e.problems());
    }
  }

  @Test
  void otherModelsAreRefused() {
    InvalidModelException error =
        assertThrows(
            InvalidModelException.class,
            () -> SpeechEncoder.open(TestModels.directory("llama-untied"), SCALAR));
    assertTrue(error.getMessage().contains("LlamaForCausalLM"), error.getMessage());
    assertThrows(
        InvalidModelException.class,
        () -> LanguageModel.open(TestModels.directory("whisper-bare"), SCALAR));
  }

  @ParameterizedTest
  @MethodSource("encoders")
  void storedEncodersAreVerified(String name) throws IOException {
    assertEquals(List.of(), ModelCheck.verify(TestModels.directory(name)));
  }
}
