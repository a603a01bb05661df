// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.quantized.ModelVerifier;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.ModelCheck;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import io.github.quant4j.testing.models.TestEncoders.Expected;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pipeline on a network that is no decoder. */
class SpeechQuantizationTest {
  private static final String MODEL = "whisper-prefixed";

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(91);

  private static ModelOptions options(int threads) {
    return ModelOptions.defaults().withThreads(threads);
  }

  private List<FloatMatrix> spectrograms() {
    List<FloatMatrix> inputs = new ArrayList<>();
    for (int frames : new int[] {48, 40, 17, 48, 1}) {
      inputs.add(random.gaussianMatrix(frames, 8));
    }
    return inputs;
  }

  private Quantization<FloatMatrix> quantization(SpeechEncoder encoder) {
    return Quantization.of(
        encoder.graph(),
        encoder.directory().orElseThrow(),
        spectrograms(),
        encoder.options().kernels());
  }

  static Stream<Arguments> exactRecipes() {
    List<Arguments> cases = new ArrayList<>();
    for (String model : TestEncoders.names()) {
      for (String transforms :
          List.of(
              "smooth(0.5)",
              "smooth(0.5,po2)",
              "awq",
              "equalize",
              "shift",
              "permute",
              "hadamard",
              "hadamard(online)",
              "pca",
              "shift | smooth(0.5)",
              "smooth(0.5) | hadamard",
              "permute | shift | hadamard(block=8)")) {
        cases.add(Arguments.of(model, transforms));
      }
    }
    return cases.stream();
  }

  /** Any chain of transforms, folded into layer norms and layers or not, before quantization. */
  @ParameterizedTest
  @MethodSource("exactRecipes")
  void transformsLeaveTheEncoderAsItIs(String name, String transforms) throws IOException {
    Path target = directory.resolve("out");
    try (SpeechEncoder encoder = TestEncoders.open(name, options(1))) {
      quantization(encoder).recipe(transforms + " | f32").saveTo(target);
    }
    assertEquals(List.of(), ModelCheck.verify(target));
    try (SpeechEncoder changed = SpeechEncoder.open(target, options(1))) {
      for (Expected expected : Expected.of(name)) {
        assertArrayEquals(
            expected.features().data(),
            changed.encode(expected.logMel()).data(),
            1e-3f,
            transforms + ", " + random);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "smooth(0.5) | f32, self_attn.q_proj fc1 self_attn.out_proj, fc2",
    "shift | f32, self_attn.k_proj fc1, fc2",
    "permute | f32, fc2, self_attn.v_proj self_attn.out_proj fc1",
    "hadamard | f32, self_attn.out_proj, self_attn.q_proj fc1 fc2"
  })
  void transformsAreFoldedWhereTheGraphSaysSo(String recipe, String folded, String online)
      throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open(MODEL, options(1))) {
      QuantizationReport report =
          quantization(encoder).recipe(recipe).saveTo(directory.resolve("out"));
      assertEquals(12, report.sites().size());
      for (SiteReport site : report.sites()) {
        String name = site.name().substring("model.encoder.layers.0.".length());
        if (List.of(folded.split(" ")).contains(name)) {
          assertTrue(!site.folded().isEmpty() && site.online().isEmpty(), site.toString());
        }
        if (List.of(online.split(" ")).contains(name)) {
          assertTrue(site.folded().isEmpty() && !site.online().isEmpty(), site.toString());
        }
      }
    }
  }

  /** A group's transform follows from its input in the given encoder, whatever is folded before. */
  @ParameterizedTest
  @ValueSource(strings = {"out_proj", "fc1", "fc2"})
  void transformsDoNotDependOnThoseOfEarlierGroups(String layer) throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open(MODEL, options(1))) {
      List<FloatMatrix> inputs = spectrograms();
      Quantization<FloatMatrix> plain =
          Quantization.of(
              encoder.graph(),
              encoder.directory().orElseThrow(),
              inputs,
              encoder.options().kernels());
      List<SiteReport> all =
          plain.recipe("shift | smooth(0.5) | f32").saveTo(directory.resolve("all")).sites();
      List<SiteReport> one =
          plain
              .recipe("f32")
              .set("*." + layer, "shift | smooth(0.5) | f32")
              .saveTo(directory.resolve("one"))
              .sites();
      for (int i = 0; i < all.size(); i++) {
        if (all.get(i).name().endsWith("layers.0." + layer)
            || all.get(i).name().endsWith("layers.0.self_attn." + layer)) {
          assertTrue(!all.get(i).folded().isEmpty() || !all.get(i).online().isEmpty());
          assertEquals(one.get(i).folded(), all.get(i).folded(), random.toString());
          assertEquals(one.get(i).online(), all.get(i).online(), random.toString());
        }
      }
    }
  }

  static Stream<Arguments> recipes() {
    return Stream.of(
        Arguments.of("int8:channel:sym rtn", 32.0),
        Arguments.of("int8:channel:sym rtn @ int8:tensor", 25.0),
        Arguments.of("smooth(0.5) | int8:channel:sym rtn @ int8:token", 25.0),
        Arguments.of("shift | int8:channel:asym rtn @ int8:tensor", 25.0),
        Arguments.of("int4:g8:asym gptq(act-order)", 10.0),
        Arguments.of("awq | int4:g8:sym rtn + bias", 8.0),
        Arguments.of("hadamard | int4:g8:sym gptq @ int8:token + lowrank(4)", 10.0));
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void quantizedEncodersComeBack(String recipe, double bound) throws IOException {
    Path target = directory.resolve("out");
    try (SpeechEncoder encoder = TestEncoders.open(MODEL, options(2))) {
      QuantizationReport report = quantization(encoder).recipe(recipe).saveTo(target);
      assertEquals(12, report.sites().size());
    }
    assertEquals(List.of(), ModelVerifier.verify(target));
    try (SpeechEncoder quantized = SpeechEncoder.open(target, options(1))) {
      for (Expected expected : Expected.of(MODEL)) {
        double ratio =
            SignalToNoise.decibels(expected.features(), quantized.encode(expected.logMel()));
        assertTrue(ratio > bound && ratio < 70, recipe + ": " + ratio + " dB, " + random);
      }
    }
  }

  @Test
  void interruptedRunsResumeToTheSameBytesOnAnyThreads() throws IOException {
    Path whole = directory.resolve("whole");
    Path resumed = directory.resolve("resumed");
    String recipe = "smooth(0.5) | int4:g8:asym gptq @ int8:tensor";
    List<FloatMatrix> inputs = spectrograms();
    try (SpeechEncoder one = TestEncoders.open(MODEL, options(1));
        SpeechEncoder two = TestEncoders.open(MODEL, options(2))) {
      Path source = TestModels.directory(MODEL);
      Quantization.of(one.graph(), source, inputs, one.options().kernels())
          .recipe(recipe)
          .saveTo(whole);
      AtomicInteger sites = new AtomicInteger();
      Quantization<FloatMatrix> second =
          Quantization.of(two.graph(), source, inputs, two.options().kernels()).recipe(recipe);
      assertThrows(
          CancellationException.class,
          () ->
              second
                  .progress((stage, done, total) -> sites.incrementAndGet())
                  .cancellation(() -> sites.get() >= 8)
                  .saveTo(resumed));
      second.saveTo(resumed, SaveOptions.defaults().withResume(true));
    }
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.safetensors")),
        Files.readAllBytes(resumed.resolve("model.safetensors")));
  }

  @Test
  void languageModelCalibrationIsRefused() {
    try (SpeechEncoder encoder = TestEncoders.open(MODEL, options(1))) {
      assertThrows(
          IllegalStateException.class,
          () -> quantization(encoder).calibration(Calibration.selfGenerated(1, 8)));
    }
  }
}
