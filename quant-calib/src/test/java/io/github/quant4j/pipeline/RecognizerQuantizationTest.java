// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.ModelCheck;
import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestRecognizer;
import io.github.quant4j.transcribe.SpokenText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The halves of a recognizer, quantized each by itself, and one after the other. */
class RecognizerQuantizationTest {
  private static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);

  @TempDir private Path directory;

  private static SpeechRecognizer open(Path path) throws IOException {
    return SpeechRecognizer.open(path, OPTIONS);
  }

  private static List<FloatMatrix> windows() {
    return List.of(
        TestRecognizer.expected("log_mel.0"),
        TestRecognizer.expected("log_mel.1"),
        TestRecognizer.expected("log_mel.2"));
  }

  /** Texts of several lengths about the windows. */
  private static List<SpokenText> texts(SpeechRecognizer recognizer) {
    SeededRandom random = new SeededRandom(2);
    List<SpokenText> texts = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      int[] tokens = new int[20 + random.nextInt(0, 15)];
      Arrays.setAll(tokens, t -> random.nextInt(0, 76));
      tokens[0] = 41;
      texts.add(new SpokenText(recognizer.encoder().encode(windows().get(i % 3)), tokens));
    }
    return texts;
  }

  private static void quantizeDecoder(
      SpeechRecognizer recognizer, Path from, Path to, String recipe) throws IOException {
    Quantization.of(
            recognizer.decoderGraph(), from, texts(recognizer), recognizer.options().kernels())
        .recipe(recipe)
        .saveTo(to);
  }

  private static FloatMatrix logits(SpeechRecognizer recognizer, int window) {
    FloatMatrix features = recognizer.encoder().encode(windows().get(window));
    return recognizer.decoder().predict(new SpokenText(features, TestRecognizer.tokens()));
  }

  private static double error(FloatMatrix expected, FloatMatrix found) {
    double error = 0;
    double signal = 0;
    for (int i = 0; i < expected.data().length; i++) {
      double difference = found.data()[i] - expected.data()[i];
      error += difference * difference;
      signal += expected.data()[i] * expected.data()[i];
    }
    return Math.sqrt(error / signal);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8:channel:sym rtn",
        "int8:g8:asym gptq(act-order)",
        "smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "hadamard(block=8,online) | int8:g8:sym gptq",
        "awq | int8:g8:asym rtn"
      })
  void decodersAreQuantized(String recipe) throws IOException {
    Path out = directory.resolve("out");
    try (SpeechRecognizer original = open(TestRecognizer.directory())) {
      quantizeDecoder(original, TestRecognizer.directory(), out, recipe);
      assertEquals(List.of(), ModelCheck.verify(out));
      try (SpeechRecognizer quantized = open(out)) {
        // The encoder is as it was, to the last bit.
        assertArrayEquals(
            original.encoder().encode(windows().get(0)).data(),
            quantized.encoder().encode(windows().get(0)).data());
        double error = error(logits(original, 0), logits(quantized, 0));
        assertTrue(error > 1e-5 && error < 0.05, recipe + ": " + error);
      }
    }
  }

  /** What a calibrated method gains it gains by looking at the inputs of all groups. */
  @Test
  void calibrationHelps() throws IOException {
    double[] errors = new double[2];
    List<String> recipes = List.of("int3:g8:asym rtn", "int3:g8:asym gptq(act-order)");
    try (SpeechRecognizer original = open(TestRecognizer.directory())) {
      for (int i = 0; i < 2; i++) {
        Path out = directory.resolve("out" + i);
        quantizeDecoder(original, TestRecognizer.directory(), out, recipes.get(i));
        try (SpeechRecognizer quantized = open(out)) {
          for (SpokenText text : texts(original)) {
            errors[i] += error(original.decoder().predict(text), quantized.decoder().predict(text));
          }
        }
      }
    }
    assertTrue(errors[1] < 0.9 * errors[0], Arrays.toString(errors));
  }

  /** Layers that read frames have other rows than those that read tokens. */
  @Test
  void tokenWeightsAreRefused() throws IOException {
    try (SpeechRecognizer original = open(TestRecognizer.directory())) {
      List<SpokenText> texts = texts(original);
      List<float[]> weights = new ArrayList<>();
      for (SpokenText text : texts) {
        float[] ones = new float[24 + text.tokens().length];
        Arrays.fill(ones, 0.5f);
        weights.add(ones);
      }
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      Quantization.of(
                              original.decoderGraph(),
                              TestRecognizer.directory(),
                              texts,
                              original.options().kernels())
                          .recipe("int4:g8:sym gptq")
                          .weighting(new TokenWeighting.Given(weights))
                          .saveTo(directory.resolve("out")))
              .getMessage();
      assertTrue(message.contains("token weights"), message);
    }
  }

  /** The encoder first, then the decoder on what the quantized encoder gives. */
  @Test
  void bothHalvesAreQuantizedOneAfterTheOther() throws IOException {
    Path half = directory.resolve("half");
    Path whole = directory.resolve("whole");
    FloatMatrix expected;
    try (SpeechRecognizer original = open(TestRecognizer.directory())) {
      expected = logits(original, 1);
      Quantization.of(
              original.encoder().graph(),
              TestRecognizer.directory(),
              windows(),
              original.options().kernels())
          .recipe("int8:g8:sym rtn")
          .saveTo(half);
    }
    // Other tools must not look for quantized layers in the decoder.
    List<String> ignored = ignored(half);
    assertTrue(ignored.contains("model.decoder.layers.1.encoder_attn.k_proj"), ignored.toString());
    assertTrue(ignored.contains("proj_out"), ignored.toString());
    assertEquals(2 * 10 + 1, ignored.size(), ignored.toString());
    try (SpeechRecognizer recognizer = open(half)) {
      quantizeDecoder(recognizer, half, whole, "int8:g8:sym rtn");
    }
    assertEquals(List.of("proj_out"), ignored(whole));
    assertEquals(List.of(), ModelCheck.verify(whole));
    try (SpeechRecognizer quantized = open(whole)) {
      assertEquals(12, quantized.encoder().sites().size());
      assertEquals(
          21, quantized.decoderGraph().sites().stream().map(LinearSite::name).distinct().count());
      double error = error(expected, logits(quantized, 1));
      assertTrue(error > 1e-5 && error < 0.05, String.valueOf(error));
    }
  }

  private static List<String> ignored(Path path) throws IOException {
    try (ModelDirectory files = ModelDirectory.open(path)) {
      return files
          .config()
          .getObject("quantization_config")
          .orElseThrow()
          .getArray("ignore")
          .orElseThrow()
          .stream()
          .map(value -> ((JsonValue.Str) value).value())
          .toList();
    }
  }
}
