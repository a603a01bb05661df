// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.layer.LinearReport;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parts of a run that need no model. */
class RunPartsTest {
  private static final LinearSite FIRST = LinearSite.of("layers.0.q", 8, 4, false);
  private static final LinearSite SECOND = LinearSite.of("layers.0.k", 8, 4, false);

  private static SiteReport report(double decibels) {
    LinearReport result =
        new LinearReport(
            true,
            decibels,
            decibels,
            List.of(),
            decibels,
            OptionalDouble.of(decibels),
            false,
            4.5,
            0,
            1,
            0,
            0,
            List.of());
    return new SiteReport("layer", 4, 8, "int4", "", "", result, 0.1);
  }

  @ParameterizedTest
  @CsvSource({"NaN, NaN", "-Infinity, NaN", "Infinity, Infinity", "12.5, 12.5"})
  void ratiosThatAreNotNumbersAreNotStoredAsInfinity(double ratio, double expected) {
    String block = JsonWriter.compact(new BlockReport("b", ratio).toJson());
    assertEquals(
        expected, BlockReport.fromJson((JsonValue.Obj) JsonParser.parse(block)).outputSqnr());
    String site = JsonWriter.compact(report(ratio).toJson());
    assertEquals(
        expected,
        SiteReport.fromJson((JsonValue.Obj) JsonParser.parse(site)).result().weightSqnr());
    QuantizationReport report =
        new QuantizationReport(
            Path.of("x"),
            "int4",
            "text",
            "quant4j",
            List.of(report(ratio)),
            List.of(new BlockReport("b", ratio)),
            1,
            1,
            1);
    String page = ReportPage.plain(report);
    assertFalse(page.contains("NaN") || page.contains("Infinity"), page);
    assertEquals(ratio == Double.POSITIVE_INFINITY, page.contains("<td>exact</td>"));
    JsonValue.Obj json = (JsonValue.Obj) JsonParser.parse(report.toJson());
    assertEquals(ratio != Double.POSITIVE_INFINITY, json.members().containsKey("output_sqnr_db"));
  }

  @Test
  void errorsNameTheLayer() {
    List<LinearSite> both = List.of(FIRST, SECOND);
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                LayerFailure.namingOne(
                    both,
                    some -> {
                      if (some.contains(SECOND)) {
                        throw new IllegalArgumentException("scales: number 0 is 0.0");
                      }
                      return some;
                    }));
    assertEquals("layers.0.k: scales: number 0 is 0.0", refused.getMessage());
    ArithmeticException together =
        assertThrows(
            ArithmeticException.class,
            () ->
                LayerFailure.namingOne(
                    both,
                    some -> {
                      if (some.size() > 1) {
                        throw new ArithmeticException("not positive definite");
                      }
                      return some;
                    }));
    assertEquals("layers.0.q, layers.0.k: not positive definite", together.getMessage());
    IllegalStateException other =
        assertThrows(
            IllegalStateException.class,
            () ->
                LayerFailure.naming(
                    both,
                    () -> {
                      throw new IndexOutOfBoundsException("7");
                    }));
    assertTrue(other.getMessage().startsWith("layers.0.q, layers.0.k: java.lang.Index"));
    CancellationException cancelled =
        assertThrows(
            CancellationException.class,
            () ->
                LayerFailure.namingOne(
                    both,
                    _ -> {
                      throw new CancellationException("cancelled");
                    }));
    assertEquals("cancelled", cancelled.getMessage());
  }

  @Test
  void problemsThatManyLayersHaveAreOneLine() {
    PlanProblems problems = new PlanProblems();
    assertTrue(problems.isEmpty());
    problems.add("pattern 'x' matches nothing");
    problems.add(FIRST, "cannot be quantized: 20 does not divide 8");
    problems.add(SECOND, "cannot be quantized: 20 does not divide 48");
    problems.add(SECOND, "is odd");
    assertEquals(
        List.of(
            "pattern 'x' matches nothing",
            "2 layers (layers.0.q, layers.0.k) cannot be quantized: 20 does not divide 8",
            "layers.0.k [4, 8] is odd"),
        problems.lines());
  }

  private static QuantizationPlan plan(long heap) {
    return new QuantizationPlan("int4", List.of(), false, 1, 1, heap, 1, List.of());
  }

  @Test
  void onlyHopelessHeapsAreRefused() {
    assertDoesNotThrow(() -> ResourceCheck.requireHeap(plan(100 << 20), 60 << 20));
    PlanException e =
        assertThrows(
            PlanException.class, () -> ResourceCheck.requireHeap(plan(100 << 20), 49 << 20));
    assertTrue(e.getMessage().contains("-Xmx120m"), e.getMessage());
  }

  @Test
  void onlyHopelessDisksAreRefused() {
    Path target = Path.of("out");
    assertDoesNotThrow(() -> ResourceCheck.requireDisk(target, 1e8, 2e8, 95_000_000));
    OutputException e =
        assertThrows(
            OutputException.class, () -> ResourceCheck.requireDisk(target, 1e8, 2e8, 80_000_000));
    assertEquals(
        "out: about 100.0 MB of disk space are needed while it is written, but only 80.0 MB are"
            + " free; make room, or choose another place",
        e.getMessage());
  }

  @Test
  void calibrationsAreOfAPlausibleSize() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Calibration.selfGenerated(Integer.MAX_VALUE, Integer.MAX_VALUE));
    assertTrue(e.getMessage().contains("at most 268435456 tokens in all"), e.getMessage());
    assertEquals(1L << 28, Calibration.selfGenerated(1 << 20, 1 << 8).tokens());
    assertThrows(
        IllegalArgumentException.class, () -> Calibration.ofText("x", (1 << 20) + 1, 1 << 8));
  }
}
