// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * All published recipes on families that differ most from Llama: each makes a model that loads and
 * computes what was quantized, or is refused before work starts.
 */
@Tag("conformance")
class RecipesOfFamiliesConformanceTest {
  private static final Path RECIPES =
      Path.of(System.getProperty("quant4j.root", "..")).resolve("docs/recipes.txt");

  @TempDir Path folder;

  /** The recipes with groups and ranks that suit widths of 32 to 64. */
  private static List<String> recipes() throws IOException {
    List<String> recipes = new ArrayList<>();
    for (String line : Files.readAllLines(RECIPES)) {
      String recipe = line.replaceFirst("\\s+#.*", "").strip();
      if (!recipe.isEmpty()) {
        recipes.add(
            recipe
                .replaceAll(":g(16|64|128|256)\\b", ":g4")
                .replace("lowrank(16", "lowrank(2")
                .replace("lowrank(8)", "lowrank(2)"));
      }
    }
    return recipes;
  }

  private static int[][] windows(int vocabulary) {
    SeededRandom random = new SeededRandom(23);
    int[][] windows = new int[3][16];
    for (int[] window : windows) {
      for (int i = 0; i < window.length; i++) {
        window[i] = random.nextInt(0, vocabulary);
      }
    }
    return windows;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "phi",
        "gpt2",
        "mixtral",
        "deepseek-v2-grouped",
        "gpt-oss",
        "gemma2",
        "opt-post-norm-proj",
        "llama4-text",
        "qwen3-next"
      })
  void everyRecipeWorksOrIsRefusedBeforeWork(String family) throws IOException {
    Path source = SharedData.path("fixtures/families").resolve(family);
    List<String> wrong = new ArrayList<>();
    int made = 0;
    List<String> recipes = recipes();
    for (int r = 0; r < recipes.size(); r++) {
      Path target = folder.resolve("out" + r);
      String what = family + ", " + recipes.get(r);
      try (LanguageModel model = LanguageModel.open(source)) {
        int[][] windows = windows(model.vocabularySize());
        Quantization<int[]> quantization =
            Quantization.of(model)
                .recipe(recipes.get(r))
                .calibration(Calibration.ofTokens(windows));
        List<String> problems = quantization.plan().problems();
        if (!problems.isEmpty()) {
          // Formats with groups of their own do not suit all widths.
          if (!problems.stream().allMatch(problem -> problem.matches(".* do(es)? not divide .*"))) {
            wrong.add("refused: " + what + ": " + problems);
          }
          continue;
        }
        FloatMatrix expected = model.logits(windows[0]);
        quantization.saveTo(target);
        try (LanguageModel served = LanguageModel.open(target);
            LanguageModel alone =
                LanguageModel.open(target, ModelOptions.defaults().withThreads(1))) {
          FloatMatrix logits = served.logits(windows[0]);
          double decibels = SignalToNoise.decibels(expected, logits);
          assertArrayEquals(logits.data(), alone.logits(windows[0]).data(), 0f, what);
          if (!(decibels > -3)) {
            wrong.add("noise: " + what + ": " + decibels);
          }
          made++;
        }
      } catch (RuntimeException e) {
        wrong.add("failed: " + what + ": " + e);
      }
    }
    assertTrue(made > recipes.size() / 2, family + ": " + made);
    assertEquals(List.of(), wrong);
  }
}
