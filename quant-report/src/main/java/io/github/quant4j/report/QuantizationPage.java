// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import io.github.quant4j.pipeline.BlockReport;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.SiteReport;
import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.report.figure.HeatMap;
import io.github.quant4j.report.page.DataTable;
import io.github.quant4j.report.page.DataTable.Cell;
import io.github.quant4j.report.page.FigurePage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** How a model was quantized: errors and widths of its layers, and the errors of its blocks. */
public final class QuantizationPage {
  private static final int MOST_BARS = 400;

  private QuantizationPage() {}

  /**
   * The page of a report.
   *
   * @param report how the model was quantized
   * @return the page
   */
  public static FigurePage of(QuantizationReport report) {
    String stored = report.method().isEmpty() ? "plain weights" : report.method();
    String calibration =
        report.calibration().isEmpty() ? "" : "; calibrated on " + report.calibration();
    FigurePage page =
        FigurePage.of("Quantization report")
            .paragraph(report.recipe())
            .paragraph(report + "; stored as " + stored + calibration + ".");
    if (!report.sites().isEmpty()) {
      page =
          page.figure(errorMap(report), "Squared error by squared signal, of each layer.")
              .figure(widthMap(report), "With scales, zero points, outliers and the like.");
      if (report.sites().size() <= MOST_BARS) {
        page =
            page.figure(
                errors(report),
                "Squared error by squared signal; nearest rounding is that to the same format.");
      }
    }
    if (report.blocks().stream().anyMatch(block -> Double.isFinite(block.outputSqnr()))) {
      page =
          page.figure(
              blocks(report),
              "Output against that of the given model, on the first calibration input.");
    }
    page = page.table(layers(report));
    return report.blocks().isEmpty() ? page : page.table(blockTable(report));
  }

  private static String errorName(QuantizationReport report) {
    boolean output = report.sites().stream().allMatch(site -> site.result().isOutputError());
    return output ? "relative output error" : "relative weight error";
  }

  /**
   * The error of each layer by block and kind.
   *
   * @param report of at least one layer
   * @return the heat map
   */
  public static HeatMap errorMap(QuantizationReport report) {
    return map(
        "Error of the layers",
        Axis.logarithmic(errorName(report)),
        report,
        site -> site.result().error());
  }

  /**
   * The width of each layer by block and kind.
   *
   * @param report of at least one layer
   * @return the heat map
   */
  public static HeatMap widthMap(QuantizationReport report) {
    return map(
        "Width of the layers",
        Axis.linear("bits per weight"),
        report,
        site -> site.result().bitsPerWeight());
  }

  private static HeatMap map(
      String title, Axis axis, QuantizationReport report, ToDoubleFunction<SiteReport> value) {
    LayerMap map = new LayerMap();
    report.sites().forEach(site -> map.put(site.name(), value.applyAsDouble(site)));
    return map.figure(title, axis);
  }

  /**
   * The error of each layer beside that of nearest rounding.
   *
   * @param report of at least one layer
   * @return the bars
   */
  public static Bars errors(QuantizationReport report) {
    return new Bars(
        "Error and nearest rounding",
        Axis.logarithmic(errorName(report)),
        report.sites().stream().map(SiteReport::name).toList(),
        List.of(
            new Bars.Series("error", numbers(report, site -> site.result().error())),
            new Bars.Series(
                "nearest rounding", numbers(report, site -> site.result().nearestError()))));
  }

  private static double[] numbers(QuantizationReport report, ToDoubleFunction<SiteReport> value) {
    return report.sites().stream().mapToDouble(value).toArray();
  }

  private static Bars blocks(QuantizationReport report) {
    return new Bars(
        "Signal to noise after each block",
        Axis.linear("output SQNR, dB"),
        report.blocks().stream().map(BlockReport::name).toList(),
        List.of(
            new Bars.Series(
                "output SQNR",
                report.blocks().stream().mapToDouble(BlockReport::outputSqnr).toArray())));
  }

  private static DataTable layers(QuantizationReport report) {
    List<List<Cell>> rows = new ArrayList<>();
    for (SiteReport site : report.sites()) {
      List<String> remarks = new ArrayList<>();
      if (!site.folded().isEmpty()) {
        remarks.add("folded: " + site.folded());
      }
      if (!site.online().isEmpty()) {
        remarks.add("online: " + site.online());
      }
      remarks.addAll(site.result().notes());
      rows.add(
          List.of(
              Cell.of(site.name()),
              Cell.of(site.outFeatures() + " x " + site.inFeatures()),
              Cell.of("%.4g", site.result().error()),
              Cell.of("%.4g", site.result().nearestError()),
              decibels(site.result().weightSqnr()),
              Cell.of("%.3f", site.result().bitsPerWeight()),
              Cell.of("%.0f", (double) site.result().tokens()),
              Cell.of("%.2f", site.seconds()),
              Cell.of(site.recipe()),
              Cell.of(String.join("; ", remarks))));
    }
    return new DataTable(
        "Layers",
        List.of(
            "layer",
            "shape",
            "error",
            "nearest",
            "weight SQNR, dB",
            "bits",
            "tokens",
            "seconds",
            "recipe",
            "transforms and notes"),
        rows);
  }

  private static DataTable blockTable(QuantizationReport report) {
    return new DataTable(
        "Blocks",
        List.of("block", "output SQNR, dB"),
        report.blocks().stream()
            .map(block -> List.of(Cell.of(block.name()), decibels(block.outputSqnr())))
            .toList());
  }

  /** Nothing differs where a ratio is infinite. */
  private static Cell decibels(double ratio) {
    return ratio == Double.POSITIVE_INFINITY ? Cell.of("exact") : Cell.of("%.2f", ratio);
  }
}
