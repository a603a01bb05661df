// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutingCheckTest {
  private static final Path FAMILIES =
      Path.of(System.getProperty("quant4j.root", ".."))
          .resolve("quant-models/src/test/resources/families");
  private static final Pattern CHANGED = Pattern.compile("routing: ([0-9.]+) % of the choices");

  @TempDir private Path folder;

  private static int[][] windows() {
    SeededRandom random = new SeededRandom(19);
    int[][] windows = new int[8][24];
    for (int[] window : windows) {
      for (int i = 0; i < window.length; i++) {
        window[i] = random.nextInt(0, 64);
      }
    }
    return windows;
  }

  private QuantizationReport quantize(String family, String rest, String pattern, String routers)
      throws IOException {
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve(family))) {
      Quantization<int[]> quantization =
          Quantization.of(model).recipe(rest).calibration(Calibration.ofTokens(windows()));
      return quantization.set(pattern, routers).saveTo(folder.resolve("out"));
    }
  }

  private static List<SiteReport> routers(QuantizationReport report, String pattern) {
    return report.sites().stream().filter(site -> site.name().endsWith(pattern)).toList();
  }

  private static String note(SiteReport site) {
    return site.result().notes().stream()
        .filter(note -> note.contains("routing"))
        .findFirst()
        .orElse("");
  }

  /** Sets of (layer, window, position, expert), from a model's own passes. */
  private static Set<String> choices(LanguageModel model, String layer) {
    Set<String> choices = new TreeSet<>();
    for (int w = 0; w < windows().length; w++) {
      int window = w;
      model.observe(
          List.of(windows()[w]),
          (group, input) -> {
            boolean isExpert =
                group.name().endsWith(".input") && group.sites().getFirst().name().contains(layer);
            input
                .selection()
                .filter(_ -> isExpert)
                .ifPresent(
                    selection -> {
                      for (int i = 0; i < selection.count(); i++) {
                        choices.add(window + " " + selection.rows()[i] + " " + group.name());
                      }
                    });
          });
    }
    return choices;
  }

  /** Only the router of the first layer is quantized, so that nothing else changes its choices. */
  @ParameterizedTest
  @CsvSource({
    "olmoe, model.layers.0.mlp.gate, int6:channel:sym rtn",
    "deepseek-v3, model.layers.1.mlp.gate, int8:channel:sym rtn",
    "granitemoe, model.layers.0.block_sparse_moe.router.layer, int8:channel:sym rtn"
  })
  void theShareIsThatOfTheModelsOwnChoices(String family, String router, String recipe)
      throws IOException {
    QuantizationReport report;
    Set<String> before;
    String layer = router.replaceAll("(layers\\.[0-9]+\\.).*", "$1");
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve(family))) {
      Quantization<int[]> quantization =
          Quantization.of(model)
              .recipe("int8:channel:sym gptq")
              .calibration(Calibration.ofTokens(windows()));
      quantization = quantization.keep("*").set(router, recipe.replace("rtn", "gptq"));
      report = quantization.saveTo(folder.resolve("out"));
      before = choices(model, layer);
    }
    SiteReport site = report.sites().getFirst();
    Matcher changed = CHANGED.matcher(note(site));
    assertTrue(changed.find(), () -> site.result().notes().toString());
    assertEquals(router, site.name());
    try (LanguageModel served = LanguageModel.open(folder.resolve("out"))) {
      Set<String> lost = new HashSet<>(before);
      lost.removeAll(choices(served, layer));
      assertEquals(
          100.0 * lost.size() / before.size(), Double.parseDouble(changed.group(1)), 0.006);
    }
  }

  @Test
  void coarseRoutersAreKept() throws IOException {
    QuantizationReport report =
        quantize("olmoe", "int8:channel:sym gptq", "*.gate", "int2:channel:sym rtn");
    List<SiteReport> routers = routers(report, ".gate");
    assertEquals(2, routers.size());
    for (SiteReport router : routers) {
      assertEquals("kept", router.recipe());
      assertEquals(0, router.result().error());
      assertTrue(note(router).startsWith("kept as it is: "), note(router));
    }
    try (LanguageModel original = LanguageModel.open(FAMILIES.resolve("olmoe"));
        LanguageModel served = LanguageModel.open(folder.resolve("out"))) {
      LinearSite site =
          served.graph().routers().stream()
              .filter(router -> router.name().startsWith("model.layers.0."))
              .findFirst()
              .orElseThrow();
      try (var before = original.graph().open(0);
          var after = served.graph().open(0)) {
        assertArrayEquals(
            before.linear(site).toDense().data(), after.linear(site).toDense().data());
      }
    }
  }

  @Test
  void withoutCalibrationTheReportSaysSo() throws IOException {
    QuantizationReport report =
        quantize("olmoe", "int8:channel:sym rtn", "*.gate", "int8:channel:sym rtn");
    for (SiteReport router : routers(report, ".gate")) {
      assertTrue(note(router).contains("not measured"), note(router));
    }
  }

  /** Two experts of even odds against odds of e to 1, by hand. */
  @Test
  void divergenceIsThatOfTheSoftmax() {
    double p = 1 / (1 + Math.exp(-1));
    double expected = 0.5 * Math.log(0.5 / p) + 0.5 * Math.log(0.5 / (1 - p));
    assertEquals(
        expected,
        RoutingCheck.divergence(new float[] {9, 3, 3, 9}, new float[] {9, 2, 1, 9}, 1, 2),
        1e-9);
    assertEquals(0, RoutingCheck.divergence(new float[] {5, 6}, new float[] {7, 8}, 0, 2), 1e-12);
  }
}
