// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.speech.WaveFile;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What transforms gain on the encoder of Whisper base, whose activations have outliers of several
 * hundred, beside what another implementation measured.
 */
@Tag("conformance")
class SpeechQuantizationConformanceTest {
  private static final Path MODEL = SharedData.path("data/models/whisper-base-encoder");
  private static final int CLIPS = 6;
  private static final int SPOKEN_TOKENS = 550;
  private static final String STATIC = "int8:channel:sym rtn @ int8:tensor";
  private static final String DYNAMIC = "int8:channel:sym rtn @ int8:token";
  private static final String FOUR_BITS = "int4:g64:sym rtn @ int4:token";

  @TempDir private Path directory;

  private static List<FloatMatrix> calibration(SpeechEncoder encoder) throws IOException {
    List<Path> clips;
    try (Stream<Path> files = Files.list(SharedData.path("data/speech/train"))) {
      clips = files.sorted().toList();
    }
    List<FloatMatrix> inputs = new ArrayList<>();
    for (int i = 0; i < CLIPS; i++) {
      inputs.add(encoder.spectrogram(WaveFile.read(clips.get(i * clips.size() / CLIPS))));
    }
    return inputs;
  }

  /** The encoder with its speech, and what comes out of it. */
  private record Bench(
      SpeechEncoder encoder,
      List<FloatMatrix> calibration,
      FloatMatrix speech,
      FloatMatrix features) {

    static Bench of(SpeechEncoder encoder) throws IOException {
      FloatMatrix speech =
          encoder.spectrogram(WaveFile.read(SharedData.path("data/speech/jfk.wav")));
      return new Bench(
          encoder,
          SpeechQuantizationConformanceTest.calibration(encoder),
          speech,
          encoder.encode(speech).rowRange(0, SPOKEN_TOKENS));
    }
  }

  private double measure(Bench bench, String transform, String recipe) throws IOException {
    Path target = directory.resolve("quantized");
    Quantization<FloatMatrix> quantization =
        Quantization.of(
            bench.encoder.graph(), MODEL, bench.calibration, bench.encoder.options().kernels());
    quantization = quantization.recipe(transform.isEmpty() ? recipe : transform + " | " + recipe);
    if (transform.startsWith("smooth")) {
      // As in the paper, where a norm feeds the layer. Channels behind GELU that were silent in
      // calibration would be magnified without limit when they speak.
      quantization = quantization.set("*.out_proj", recipe).set("*.fc2", recipe);
    }
    QuantizationReport report =
        quantization.saveTo(target, SaveOptions.defaults().withOverwrite(true));
    try (SpeechEncoder quantized = SpeechEncoder.open(target)) {
      assertReported(bench, quantized, report);
      return SignalToNoise.decibels(
          bench.features, quantized.encode(bench.speech).rowRange(0, SPOKEN_TOKENS));
    }
  }

  /** The report's number is that of encoding the first calibration input with either model. */
  private static void assertReported(
      Bench bench, SpeechEncoder quantized, QuantizationReport report) {
    FloatMatrix first = bench.calibration.getFirst();
    if (report.outputSqnr().isPresent()) {
      double expected =
          SignalToNoise.decibels(bench.encoder.encode(first), quantized.encode(first));
      assertEquals(expected, report.outputSqnr().getAsDouble(), 0.02);
    }
  }

  private static double reference(String name) throws IOException {
    JsonValue.Obj file =
        JsonParser.parseObject(
            Files.readAllBytes(SharedData.path("fixtures/whisper/expected-sqnr.json")));
    return file.getObject("sqnr_db").orElseThrow().getDouble(name).orElseThrow();
  }

  private double[] compare(Bench bench, String recipe, String reference) throws IOException {
    String[] transforms = {"", "smooth(0.5)", "hadamard"};
    double[] ratios = new double[transforms.length];
    for (int i = 0; i < transforms.length; i++) {
      ratios[i] = measure(bench, transforms[i], recipe);
      System.out.printf(
          "%-11s | %s: %.2f dB, reference %.2f dB%n",
          transforms[i],
          recipe,
          ratios[i],
          reference(reference + (i == 0 ? " none" : " " + transforms[i])));
    }
    return ratios;
  }

  /** Static scales for whole tensors: only the rotation spreads the outliers. */
  @Test
  void staticScalesNeedARotation() throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(MODEL)) {
      double[] found = compare(Bench.of(encoder), STATIC, "w8channel-a8tensor");
      assertEquals(reference("w8channel-a8tensor none"), found[0], 1.5);
      assertTrue(found[1] > found[0] - 1, "smooth");
      assertTrue(found[2] > reference("w8channel-a8tensor hadamard") - 1.5, "hadamard");
      assertTrue(found[2] > found[0] + 9, "hadamard");
    }
  }

  @Test
  void scalesOfTokensGainByBoth() throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(MODEL)) {
      double[] found = compare(Bench.of(encoder), DYNAMIC, "w8channel-a8token");
      assertEquals(reference("w8channel-a8token none"), found[0], 1.5);
      assertTrue(found[1] > found[0], "smooth");
      assertTrue(found[2] > found[0] + 5, "hadamard");
    }
  }

  @Test
  void fourBitsNeedARotation() throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(MODEL)) {
      double[] found = compare(Bench.of(encoder), FOUR_BITS, "w4g64-a4token");
      assertEquals(reference("w4g64-a4token none"), found[0], 1);
      assertTrue(found[1] > found[0] + 0.5, "smooth");
      assertTrue(found[2] > found[0] + 5, "hadamard");
    }
  }
}
