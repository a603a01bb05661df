// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Held against what the Transformers library computes with the same model. */
class MoonshineEncoderTest {
  private static final Path MODEL = TestModels.directory("moonshine");
  private static final int INPUTS = 3;

  @TempDir private Path directory;

  private static FloatMatrix vector(String name) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(MODEL.resolve("vectors.safetensors"))) {
      return name.startsWith("speech")
          ? column(file.require(name).toFloatArray())
          : file.require(name).toMatrix();
    }
  }

  private static FloatMatrix column(float[] values) {
    return FloatMatrix.wrap(values.length, 1, values);
  }

  static Stream<Arguments> variants() {
    ModelOptions scalar = ModelOptions.defaults().withKernels("scalar").withThreads(1);
    return IntStream.range(0, INPUTS)
        .boxed()
        .flatMap(
            i ->
                Stream.of(
                    Arguments.of(i, scalar),
                    Arguments.of(i, ModelOptions.defaults().withThreads(2))));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void featuresAreThoseOfTheOracle(int number, ModelOptions options) throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(MODEL, options)) {
      FloatMatrix expected = vector("features." + number);
      FloatMatrix features = encoder.encode(vector("speech." + number));
      assertEquals(expected.toString(), features.toString());
      assertArrayEquals(expected.data(), features.data(), 1e-4f);
      assertEquals(List.of(), encoder.warnings());
    }
  }

  @Test
  void recordingsOfOneBatchDoNotSeeEachOther() throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(MODEL)) {
      HiddenStates states =
          encoder.run(
              List.of(vector("speech.2"), vector("speech.0"), vector("speech.1")),
              SiteObserver.none());
      assertEquals(SequenceLayout.of(22, 1, 9), states.layout());
      int[] order = {2, 0, 1};
      for (int s = 0; s < order.length; s++) {
        int from = states.layout().start(s);
        assertArrayEquals(
            vector("features." + order[s]).data(),
            states.values().rowRange(from, from + states.layout().length(s)).data(),
            1e-4f);
      }
    }
  }

  @Test
  void speechIsTakenAsItIs() throws IOException {
    float[] samples = vector("speech.1").data();
    try (SpeechEncoder encoder = SpeechEncoder.open(MODEL)) {
      assertArrayEquals(
          samples, encoder.spectrogram(new Waveform(samples, 16_000)).data(), "samples");
      FloatMatrix brief = encoder.spectrogram(new Waveform(new float[] {1, 2}, 16_000));
      assertEquals(895, brief.rows());
      assertEquals(30, encoder.maximumSeconds());
      assertEquals(1, encoder.encode(brief).rows());
    }
  }

  @Test
  void inputsOfOtherShapesAreRefused() throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(MODEL)) {
      for (FloatMatrix wrong :
          List.of(
              FloatMatrix.zeros(894, 1),
              FloatMatrix.zeros(480_001, 1),
              FloatMatrix.zeros(900, 2))) {
        String message =
            assertThrows(IllegalArgumentException.class, () -> encoder.encode(wrong)).getMessage();
        assertTrue(message.contains("895 to 480000"), message);
      }
      float[] samples = new float[1000];
      samples[7] = Float.NaN;
      assertThrows(IllegalArgumentException.class, () -> encoder.encode(column(samples)));
    }
  }

  @Test
  void theModelIsAnEncoderForNow() throws IOException {
    assertTrue(SpeechEncoder.isIn(MODEL));
    assertFalse(SpeechRecognizer.isIn(MODEL));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"encoder_hidden_act\": \"gelu\" | \"encoder_hidden_act\": \"relu\" | encoder_hidden_act",
        "\"partial_rotary_factor\": 0.65 | \"partial_rotary_factor\": 0.6 | partial_rotary_factor",
        "\"partial_rotary_factor\": 0.65 | \"partial_rotary_factor\": 2 | partial_rotary_factor",
        "\"rope_type\": \"default\" | \"rope_type\": \"yarn\" | rope_type",
        "\"rope_type\": \"default\" | \"factor\": 2 | factor",
        "\"encoder_num_key_value_heads\": 2 | \"encoder_num_key_value_heads\": 1 | key_value_heads",
        "\"decoder_num_attention_heads\": 2 | \"decoder_num_attention_heads\": 4 | decoder_num",
        "\"use_cache\": true | \"head_dim\": 8 | head_dim",
        "\"hidden_size\": 32 | \"hidden_size\": 33 | encoder_num_attention_heads"
      })
  void whatTheRuntimeDoesNotDoIsRefused(String was, String is, String member) throws IOException {
    assertRefused(Files.readString(MODEL.resolve("config.json")).replace(was, is), member);
  }

  private void assertRefused(String config, String member) throws IOException {
    Files.copy(MODEL.resolve("model.safetensors"), directory.resolve("model.safetensors"));
    Files.writeString(directory.resolve("config.json"), config);
    String message =
        assertThrows(InvalidModelException.class, () -> SpeechEncoder.open(directory).close())
            .getMessage();
    assertTrue(message.contains(member), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"do_normalize\": true}",
        "{}",
        "{\"do_normalize\":false,\"sampling_rate\":8000}",
        "["
      })
  void samplesAreNotNormalized(String preprocessor) throws IOException {
    Files.writeString(directory.resolve("preprocessor_config.json"), preprocessor);
    assertRefused(Files.readString(MODEL.resolve("config.json")), "preprocessor_config.json");
  }
}
