// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.graph.TokenSelection;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calibration and quantization of mixtures of experts, and of parts that other families have. */
class MixtureQuantizationTest {
  private static final Path FAMILIES =
      Path.of(System.getProperty("quant4j.root", ".."))
          .resolve("quant-models/src/test/resources/families");

  @TempDir private Path folder;

  private static int[][] windows(int count, int length) {
    SeededRandom random = new SeededRandom(11);
    int[][] windows = new int[count][length];
    for (int[] window : windows) {
      for (int i = 0; i < length; i++) {
        window[i] = random.nextInt(0, 64);
      }
    }
    return windows;
  }

  private QuantizationReport quantize(String family, String recipe, int[][] windows)
      throws IOException {
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve(family))) {
      return Quantization.of(model)
          .recipe(recipe)
          .calibration(Calibration.ofTokens(windows))
          .saveTo(folder.resolve("out"));
    }
  }

  /** A wrong fold would leave nothing of the output; eight bits leave nearly all of it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "olmoe; hadamard | int8:channel:sym rtn",
        "olmoe; smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "granitemoe; hadamard | int8:channel:sym gptq",
        "granitemoe; awq | int8:channel:sym rtn",
        "vaultgemma; hadamard | int8:channel:sym rtn",
        "vaultgemma; smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "glm; awq | int8:channel:sym rtn",
        "cohere2; smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "deepseek-v3; hadamard | int8:channel:sym rtn",
        "deepseek-v3; smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "gpt-neo; smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "openai-gpt; hadamard | int8:channel:sym rtn",
        "mpt; smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "gpt-bigcode; awq | int8:channel:sym rtn"
      })
  void eightBitsKeepTheOutput(String family, String recipe) throws IOException {
    int[][] windows = windows(8, 24);
    quantize(family, recipe, windows);
    try (LanguageModel original = LanguageModel.open(FAMILIES.resolve(family));
        LanguageModel served = LanguageModel.open(folder.resolve("out"))) {
      FloatMatrix expected = original.logits(windows[0]);
      double decibels = SignalToNoise.decibels(expected, served.logits(windows[0]));
      assertTrue(decibels > 20, family + ", " + recipe + ": " + decibels + " dB");
    }
  }

  /** Stacks of which every slice is stored otherwise are left out. */
  @Test
  void stacksThatNothingReadsAreNotWritten() throws IOException {
    quantize("granitemoe", "int8:channel:sym rtn", windows(2, 8));
    String stack = "model.layers.0.block_sparse_moe.input_linear.weight";
    try (ModelDirectory source = ModelDirectory.open(FAMILIES.resolve("granitemoe"));
        ModelDirectory written = ModelDirectory.open(folder.resolve("out"))) {
      assertTrue(source.find(stack).isPresent());
      assertFalse(written.find(stack).isPresent());
      assertTrue(
          written.find("model.layers.0.block_sparse_moe.router.layer.weight").isPresent(),
          "routers are kept");
    }
  }

  /** Tokens that experts see add up to those that are used, and few of them are told. */
  @Test
  void expertsThatCalibrationHardlyReachedAreNamed() throws IOException {
    int tokens = 3;
    QuantizationReport report =
        quantize("olmoe", "int4:g4:asym gptq(act-order)", windows(1, tokens));
    long seen = 0;
    for (SiteReport site : report.sites()) {
      boolean isExpert = site.name().contains(".experts.");
      boolean isTold =
          site.result().notes().stream()
              .anyMatch(note -> note.contains("calibration hardly reached this expert"));
      assertEquals(isExpert, isTold, site.name() + ": " + site.result().notes());
      if (site.name().startsWith("model.layers.0.") && site.name().endsWith("up_proj")) {
        seen += site.result().tokens();
      }
    }
    assertEquals(2L * tokens, seen);
  }

  private static SiteInput selected(int... rows) {
    float[] gates = new float[rows.length];
    float[] data = new float[2 * rows.length];
    for (int i = 0; i < rows.length; i++) {
      gates[i] = rows[i] / 10f;
      data[2 * i] = rows[i];
      data[2 * i + 1] = -rows[i];
    }
    return new SiteInput(
        data,
        0,
        2,
        SequenceLayout.of(rows.length),
        Optional.of(new TokenSelection(rows, gates, rows.length)));
  }

  @Test
  void tokensOfAnExpertCountByTheirGates() {
    float[] ofBatch = {1, 2, 3, 4, 5, 6};
    assertArrayEquals(
        new float[] {0.1f * 2, 0.5f * 6}, InputObserver.weights(selected(1, 5), ofBatch), 1e-6f);
    assertArrayEquals(new float[] {0.1f, 0.5f}, InputObserver.weights(selected(1, 5), null));
  }

  @Test
  void passesAreComparedOnTheTokensThatBothHave() {
    SiteInput common = CommonRows.of(selected(0, 2, 3, 7), selected(2, 3, 4, 9));
    assertEquals(2, common.tokens());
    assertArrayEquals(new float[] {2, -2, 3, -3}, common.copy().data());
    assertEquals(0, CommonRows.of(selected(1), selected(2)).tokens());
  }
}
