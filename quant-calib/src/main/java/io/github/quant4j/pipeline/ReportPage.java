// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The report as a page of HTML that needs nothing else: a summary, two plots and tables. */
final class ReportPage {
  private static final int ROW = 14;
  private static final int LABELS = 330;
  private static final int BARS = 560;

  /** Relative errors are drawn from here, 10^-6, to 1. */
  private static final double LEAST_EXPONENT = -6;

  private final QuantizationReport report;
  private final StringBuilder html = new StringBuilder();

  private ReportPage(QuantizationReport report) {
    this.report = report;
  }

  static String of(QuantizationReport report) {
    return new ReportPage(report).build();
  }

  private String build() {
    html.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        .append("<title>Quantization report</title>\n<style>\n")
        .append("body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#222}")
        .append("table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:right;")
        .append("border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}")
        .append("th{position:sticky;top:0;background:#fff}svg text{font:11px sans-serif}")
        .append(".note{color:#a40}\n</style></head><body>\n<h1>Quantization report</h1>\n<p>")
        .append(escape(report.recipe()))
        .append("</p>\n<p>")
        .append(escape(report.toString()))
        .append("; stored as ")
        .append(escape(report.method().isEmpty() ? "plain weights" : report.method()));
    if (!report.calibration().isEmpty()) {
      html.append("; calibrated on ").append(escape(report.calibration()));
    }
    html.append(".</p>\n");
    if (!report.sites().isEmpty()) {
      errors();
      bits();
    }
    if (!report.blocks().isEmpty()) {
      blocks();
    }
    table();
    return html.append("</body></html>\n").toString();
  }

  private void errors() {
    boolean output = report.sites().stream().allMatch(site -> site.result().isOutputError());
    html.append("<h2>Relative ")
        .append(output ? "output" : "weight")
        .append(" error</h2>\n<p>Squared error by squared signal, logarithmic from 10<sup>-6</sup>")
        .append(" to 1; the mark is nearest rounding to the same format.</p>\n");
    List<String> marks = new ArrayList<>();
    plot(
        site -> position(site.result().error()),
        site -> ReportNumbers.text("%.3g", site.result().error()),
        (site, y) -> {
          double nearest = site.result().nearestError();
          if (Double.isFinite(nearest)) {
            double x = LABELS + position(nearest) * BARS;
            marks.add(
                String.format(
                    Locale.ROOT,
                    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#c33\""
                        + " stroke-width=\"2\"/>",
                    x,
                    x,
                    y,
                    y + ROW - 3));
          }
          return marks.isEmpty() ? "" : marks.removeLast();
        });
  }

  private static double position(double error) {
    double exponent = error > 0 ? Math.log10(error) : LEAST_EXPONENT;
    return Math.clamp(1 - exponent / LEAST_EXPONENT, 0, 1);
  }

  private void bits() {
    double most =
        report.sites().stream().mapToDouble(site -> site.result().bitsPerWeight()).max().orElse(1);
    html.append("<h2>Bits per weight</h2>\n");
    plot(
        site -> site.result().bitsPerWeight() / most,
        site -> String.format(Locale.ROOT, "%.3f", site.result().bitsPerWeight()),
        (_, _) -> "");
  }

  private interface Share {
    double of(SiteReport site);
  }

  private interface Label {
    String of(SiteReport site);
  }

  private interface Mark {
    String of(SiteReport site, int y);
  }

  private void plot(Share share, Label label, Mark mark) {
    int height = report.sites().size() * ROW;
    html.append(
        String.format(
            Locale.ROOT,
            "<svg width=\"%d\" height=\"%d\" role=\"img\">%n",
            LABELS + BARS + 80,
            height));
    int y = 0;
    for (SiteReport site : report.sites()) {
      double width = share.of(site) * BARS;
      html.append(
              String.format(
                  Locale.ROOT,
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text><rect x=\"%d\" y=\"%d\""
                      + " width=\"%.1f\" height=\"%d\" fill=\"#47a\"/><text x=\"%.1f\""
                      + " y=\"%d\">%s</text>",
                  LABELS - 6,
                  y + ROW - 4,
                  escape(site.name()),
                  LABELS,
                  y,
                  width,
                  ROW - 3,
                  LABELS + width + 6,
                  y + ROW - 4,
                  escape(label.of(site))))
          .append(mark.of(site, y))
          .append('\n');
      y += ROW;
    }
    html.append("</svg>\n");
  }

  private void table() {
    html.append("<h2>Layers</h2>\n<table><tr><th>layer</th><th>shape</th><th>error</th>")
        .append("<th>nearest</th><th>weight SQNR, dB</th><th>bits</th><th>tokens</th>")
        .append("<th>seconds</th><th>transforms and notes</th></tr>\n");
    for (SiteReport site : report.sites()) {
      List<String> remarks = new ArrayList<>();
      if (!site.folded().isEmpty()) {
        remarks.add("folded: " + site.folded());
      }
      if (!site.online().isEmpty()) {
        remarks.add("online: " + site.online());
      }
      remarks.addAll(site.result().notes());
      html.append(
          String.format(
              Locale.ROOT,
              "<tr><td>%s</td><td>%d x %d</td><td>%s</td><td>%s</td><td>%s</td><td>%.3f</td>"
                  + "<td>%d</td><td>%.2f</td><td class=\"note\">%s</td></tr>%n",
              escape(site.name()),
              site.outFeatures(),
              site.inFeatures(),
              ReportNumbers.text("%.4g", site.result().error()),
              ReportNumbers.text("%.4g", site.result().nearestError()),
              ReportNumbers.decibels(site.result().weightSqnr()),
              site.result().bitsPerWeight(),
              site.result().tokens(),
              site.seconds(),
              escape(String.join("; ", remarks))));
    }
    html.append("</table>\n");
  }

  private void blocks() {
    html.append("<h2>Blocks</h2>\n<p>Output against that of the given model, on the first")
        .append(
            " calibration input.</p>\n<table><tr><th>block</th><th>output SQNR, dB</th></tr>\n");
    for (BlockReport block : report.blocks()) {
      html.append(
          String.format(
              Locale.ROOT,
              "<tr><td>%s</td><td>%s</td></tr>%n",
              escape(block.name()),
              ReportNumbers.decibels(block.outputSqnr())));
    }
    html.append("</table>\n");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
