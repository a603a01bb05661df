// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.layer.LinearReport;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.pipeline.BlockReport;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.ReportPageProvider;
import io.github.quant4j.pipeline.RunSignature;
import io.github.quant4j.pipeline.SiteReport;
import io.github.quant4j.report.figure.HeatMap;
import io.github.quant4j.report.figure.Scatter;
import io.github.quant4j.study.Bootstrap;
import io.github.quant4j.study.Measure;
import io.github.quant4j.study.Measures;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.study.StudyResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class StudyPageTest {

  private static StudyResult.Entry entry(String recipe, Optional<RecipeStudy.Row> row) {
    return new StudyResult.Entry(
        "small",
        "text",
        0,
        recipe,
        RunSignature.of(new LinkedHashMap<>()),
        row,
        row.isEmpty() ? "numbers are not finite" : "");
  }

  private static Optional<RecipeStudy.Row> row(
      String recipe, double divergence, double operations, String measure) {
    List<Measure.Part> parts =
        List.of(new Measure.Part(divergence, 1), new Measure.Part(3 * divergence, 1));
    return Optional.of(
        new RecipeStudy.Row(
            recipe,
            new Measures(
                List.of(new Measure(measure, divergence, Measure.Form.MEAN, parts)),
                OptionalDouble.of(100)),
            4.25,
            1000,
            new BitOperations(operations, 2 * operations),
            2000,
            1));
  }

  @Test
  void predictionsAreDrawnByDivergence() {
    StudyResult result =
        new StudyResult(
            List.of(
                entry("", row("", 0, 256e6, "kl")),
                entry("int4:g64:sym rtn", row("int4:g64:sym rtn", 0.25, 64e6, "kl")),
                entry("int8 @ int8", row("int8 @ int8", 0.01, 66e6, "kl")),
                entry("int2:g64:sym rtn", Optional.empty())));
    List<Scatter> figures = StudyPage.figures(result);
    assertEquals(4, figures.size());
    Scatter operations = figures.getFirst();
    assertTrue(operations.title().contains("bit operations"), operations.title());
    // The original has no divergence and the last recipe no row.
    assertEquals(2, operations.marks());
    assertEquals(64e6, operations.front().getFirst().x());
    assertEquals(0.25, operations.front().getFirst().y());
    assertEquals(0.01, figures.getLast().front().getFirst().x());
    String html = StudyPage.of("A study", result, Bootstrap.defaults()).html();
    assertTrue(html.contains("numbers are not finite"));
    assertTrue(html.contains("<td data-value=\"0.75\""), "ends of intervals are in the table");
  }

  @Test
  void outputsAreDrawnByNoise() {
    StudyResult result =
        new StudyResult(List.of(entry("int8 @ int8", row("int8 @ int8", 30, 66e6, "sqnr_db"))));
    Scatter figure = StudyPage.figures(result).getFirst();
    assertEquals(-30, figure.front().getFirst().y());
    assertFalse(figure.y().isLogarithmic());
  }

  private static SiteReport site(String name, double error) {
    LinearReport result =
        new LinearReport(
            true,
            2 * error,
            error,
            List.of(),
            20,
            OptionalDouble.empty(),
            false,
            4.25,
            0,
            100,
            0,
            0,
            List.of("a <note>"));
    return new SiteReport(name, 8, 8, "int4:g64:sym rtn", "", "", result, 0.1);
  }

  private static QuantizationReport report() {
    List<SiteReport> sites = new ArrayList<>();
    for (int block = 0; block < 2; block++) {
      sites.add(site("model.layers." + block + ".self_attn.q_proj", 0.1 * (block + 1)));
      sites.add(site("model.layers." + block + ".mlp.up_proj", 0.01));
    }
    sites.add(site("lm_head", Double.NaN));
    return new QuantizationReport(
        Path.of("out"),
        "int4:g64:sym rtn",
        "a text",
        "compressed-tensors",
        sites,
        List.of(new BlockReport("model.layers.0", 20)),
        1000,
        300,
        1);
  }

  @Test
  void layersAreFieldsOfBlocksAndKinds() {
    HeatMap map = QuantizationPage.errorMap(report());
    assertEquals(List.of("model.layers.0", "model.layers.1", "lm_head"), map.rows());
    assertEquals(List.of("self_attn.q_proj", "mlp.up_proj", "itself"), map.columns());
    assertEquals(0.2, map.values()[1][0]);
    assertEquals(4, map.marks());
    assertEquals(5, QuantizationPage.widthMap(report()).marks());
    assertEquals(8, QuantizationPage.errors(report()).marks());
  }

  @Test
  void quantizationsFindThePage() {
    ReportPageProvider provider =
        ServiceLoader.load(ReportPageProvider.class).findFirst().orElseThrow();
    String html = provider.page(report());
    assertTrue(html.contains("echarts") && html.contains("a &lt;note&gt;"));
    assertTrue(html.contains("lm_head") && !html.contains("data-value=\"NaN\""));
  }
}
