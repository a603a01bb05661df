// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Quantized models against an independent implementation of the same pipeline. */
@Tag("conformance")
class PerplexityConformanceTest {
  private static final String MODEL = "gutenberg-5m";
  private static final int WINDOWS = 128;
  private static final int CONTEXT = 256;

  @TempDir private Path directory;

  private static JsonValue.Obj expected() throws IOException {
    return JsonParser.parseObject(Files.readAllBytes(SharedData.path("fixtures/lm/expected.json")))
        .getObject(MODEL)
        .orElseThrow();
  }

  /** All of nearest rounding; of the calibrated ones those that draws of windows move little. */
  static Stream<String> recipes() throws IOException {
    return expected().getObject("recipes").orElseThrow().members().keySet().stream()
        .filter(recipe -> recipe.endsWith("rtn") || recipe.matches("int[34]:g64:asym gptq.*"));
  }

  private static double perplexity(LanguageModel model) throws IOException {
    int[] tokens =
        model
            .tokenizer()
            .encode(Files.readString(SharedData.path("data/text/gutenberg-eval.txt")), false);
    return Evaluation.of(model)
        .options(EvaluationOptions.defaults().withContext(CONTEXT).withMaximumWindows(WINDOWS))
        .run(tokens)
        .perplexity();
  }

  @Test
  void fullPrecision() throws IOException {
    try (LanguageModel model = LanguageModel.open(SharedData.path("data/models/" + MODEL))) {
      double reference = expected().getObject("fp").orElseThrow().getDouble("ppl").orElseThrow();
      assertEquals(reference, perplexity(model), 1e-3 * reference);
    }
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void quantized(String recipe) throws IOException {
    double reference =
        expected()
            .getObject("recipes")
            .orElseThrow()
            .getObject(recipe)
            .orElseThrow()
            .getDouble("perplexity")
            .orElseThrow();
    Path target = directory.resolve("quantized");
    String text = Files.readString(SharedData.path("data/text/gutenberg-calibration.txt"));
    try (LanguageModel model = LanguageModel.open(SharedData.path("data/models/" + MODEL))) {
      Quantization.of(model)
          .recipe(recipe)
          .calibration(Calibration.ofText(text, 64, CONTEXT))
          .saveTo(target);
    }
    try (LanguageModel quantized = LanguageModel.open(target)) {
      double perplexity = perplexity(quantized);
      // Nothing random is in nearest rounding; others depend on the windows that were drawn.
      if (recipe.endsWith("rtn")) {
        assertEquals(reference, perplexity, 0.002 * reference);
      } else {
        assertTrue(perplexity < 1.01 * reference, () -> perplexity + ", " + reference);
      }
    }
  }
}
