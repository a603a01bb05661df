// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every family is calibrated, quantized, saved and served. */
@Tag("conformance")
class FamiliesQuantizationConformanceTest {
  /** Groups of four divide the widths of all the tiny models. */
  private static final List<String> RECIPES =
      List.of(
          "int4:g4:asym gptq(act-order)>cd(2)",
          "hadamard | int4:g4:sym gptq",
          "smooth(0.5) | int8:channel:sym rtn @ int8:token",
          "awq | int4:g4:asym clip rtn",
          "retarget(0.5) | int4:g4:asym gptq(act-order)>refit(1)");

  @TempDir Path folder;

  static Stream<Path> folders() throws IOException {
    try (Stream<Path> folders = Files.list(SharedData.path("fixtures/families"))) {
      return folders
          .filter(Files::isDirectory)
          .filter(path -> !path.endsWith("bitnet-b158"))
          .sorted()
          .toList()
          .stream();
    }
  }

  private static int[][] windows(Path model, int vocabulary) {
    SeededRandom random = new SeededRandom(model.getFileName().toString().hashCode());
    int[][] windows = new int[6][20];
    for (int[] window : windows) {
      for (int i = 0; i < window.length; i++) {
        window[i] = random.nextInt(0, vocabulary);
      }
    }
    return windows;
  }

  @ParameterizedTest
  @MethodSource("folders")
  void isQuantizedSavedAndServed(Path source) throws IOException {
    for (int r = 0; r < RECIPES.size(); r++) {
      Path target = folder.resolve("out" + r);
      FloatMatrix expected;
      int[] text;
      try (LanguageModel model = LanguageModel.open(source)) {
        int[][] windows = windows(source, model.vocabularySize());
        text = windows[0];
        expected = model.logits(text);
        Quantization.of(model)
            .recipe(RECIPES.get(r))
            .calibration(Calibration.ofTokens(windows))
            .saveTo(target);
      }
      String what = source.getFileName() + ", " + RECIPES.get(r);
      try (LanguageModel served = LanguageModel.open(target)) {
        FloatMatrix logits = served.logits(text);
        double decibels = SignalToNoise.decibels(expected, logits);
        assertTrue(decibels > 5, what + ": " + decibels + " dB");
        try (LanguageModel alone =
            LanguageModel.open(target, ModelOptions.defaults().withThreads(1))) {
          assertArrayEquals(logits.data(), alone.logits(text).data(), 0f, what);
        }
      }
    }
  }
}
