// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.DiagonalTransform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One transform for all that read a norm: routers and experts, or the branches of a layer. */
class CommonTransformsTest {
  private static final Path FAMILIES =
      Path.of(System.getProperty("quant4j.root", ".."))
          .resolve("quant-models/src/test/resources/families");

  @TempDir private Path folder;

  private static int[][] windows() {
    SeededRandom random = new SeededRandom(11);
    int[][] windows = new int[8][24];
    for (int[] window : windows) {
      for (int i = 0; i < window.length; i++) {
        window[i] = random.nextInt(0, 64);
      }
    }
    return windows;
  }

  private static Map<NormSite, List<SiteGroup>> sharedNorms(Block block) {
    Map<NormSite, List<SiteGroup>> norms = new LinkedHashMap<>();
    for (SiteGroup group : block.layout().groups()) {
      if (group.origin() instanceof InputOrigin.Normalization(NormSite norm)) {
        norms.merge(
            norm,
            List.of(group),
            (a, b) -> java.util.stream.Stream.concat(a.stream(), b.stream()).toList());
      }
    }
    norms.values().removeIf(groups -> groups.size() < 2);
    return norms;
  }

  /** Experts on scaled inputs, offsets of norms, biases of norms and shared experts among them. */
  @ParameterizedTest
  @ValueSource(strings = {"olmoe", "granitemoe", "deepseek-v3", "cohere2", "granitemoeshared"})
  void foldedBlocksComputeTheSame(String family) throws IOException {
    SeededRandom random = new SeededRandom(5);
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve(family))) {
      int folded = 0;
      HiddenStates states = model.graph().embed(List.of(windows()[0], windows()[1]));
      for (int index = 0; index < model.graph().blocks().size(); index++) {
        try (Block block = model.graph().open(index)) {
          FloatMatrix expected = block.run(states, (_, _) -> {}).values();
          TransformFolder folder = new TransformFolder(block, Compute.scalar());
          for (var shared : sharedNorms(block).entrySet()) {
            float[] scales = new float[shared.getKey().width()];
            for (int j = 0; j < scales.length; j++) {
              scales[j] = (float) Math.exp(random.nextGaussian());
            }
            folder.foldCommon(shared.getKey(), shared.getValue(), DiagonalTransform.of(scales));
            folded++;
          }
          HiddenStates output = block.run(states, (_, _) -> {});
          assertTrue(
              SignalToNoise.decibels(expected, output.values()) > 100,
              family + ", block " + index + ", " + random);
          states = output;
        }
      }
      assertTrue(folded > 0, family + ": no norm has several readers");
    }
  }

  /** Nothing is left to run online, neither in the report nor in the files; the output stays. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "olmoe; smooth(0.5) | int8:channel:sym rtn @ int8:token",
        "olmoe; awq(duo) | int8:channel:sym rtn",
        "granitemoe; smooth(auto) | int8:channel:sym rtn @ int8:token",
        "deepseek-v3; awq | int8:channel:sym rtn",
        "cohere2; smooth(0.5) | int8:channel:sym rtn @ int8:token"
      })
  void nothingRunsBehindASharedNorm(String family, String recipe) throws IOException {
    QuantizationReport report = quantize(family, recipe);
    for (SiteReport site : report.sites()) {
      if (site.folded().contains("common to the")) {
        assertEquals("", site.online(), site.name());
      }
    }
    assertTrue(
        report.sites().stream().anyMatch(site -> site.folded().contains("common to the")),
        () -> report.sites().toString());
    try (LanguageModel original = LanguageModel.open(FAMILIES.resolve(family));
        LanguageModel served = LanguageModel.open(folder.resolve("out"))) {
      for (int i = 0; i < served.graph().blocks().size(); i++) {
        try (Block block = served.graph().open(i)) {
          for (List<SiteGroup> readers : sharedNorms(block).values()) {
            for (SiteGroup group : readers) {
              group
                  .sites()
                  .forEach(
                      site -> assertTrue(block.linear(site).transform().isEmpty(), site::toString));
            }
          }
        }
      }
      int[] text = windows()[0];
      double decibels = SignalToNoise.decibels(original.logits(text), served.logits(text));
      assertTrue(decibels > 25, family + ", " + recipe + ": " + decibels + " dB");
    }
  }

  /** A rotation cannot be folded into a norm; the report says why it runs online. */
  @Test
  void whatIsNotDiagonalRunsOnlineAndIsTold() throws IOException {
    QuantizationReport report = quantize("olmoe", "hadamard(online) | int8:channel:sym rtn");
    for (SiteReport site : report.sites()) {
      boolean readsSharedNorm = site.name().matches(".*\\.experts\\..*(gate|up)_proj");
      boolean isTold =
          site.result().notes().stream().anyMatch(note -> note.contains("read the same norm"));
      assertEquals(readsSharedNorm, isTold, site.name() + ": " + site.result().notes());
      assertFalse(site.online().isEmpty(), site.name());
    }
  }

  /** An expert without a token has no statistics to fit a scale by. */
  @Test
  void expertsWithoutTokensAreQuantized() throws IOException {
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve("olmoe"))) {
      QuantizationReport report =
          Quantization.of(model)
              .recipe("smooth(0.5) | int8:channel:sym rtn @ int8:token")
              .calibration(Calibration.ofTokens(new int[][] {{7}}))
              .saveTo(folder.resolve("out"));
      assertTrue(
          report.sites().stream()
              .anyMatch(site -> site.name().contains(".experts.") && site.result().tokens() == 0));
    }
  }

  private QuantizationReport quantize(String family, String recipe) throws IOException {
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve(family))) {
      return Quantization.of(model)
          .recipe(recipe)
          .calibration(Calibration.ofTokens(windows()))
          .saveTo(folder.resolve("out"));
    }
  }
}
