// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The report as a page of HTML that needs nothing else: a summary and tables, or what a {@link
 * ReportPageProvider} makes of it.
 */
final class ReportPage {
  private static final Logger LOG = LoggerFactory.getLogger(ReportPage.class);

  private final QuantizationReport report;
  private final StringBuilder html = new StringBuilder();

  private ReportPage(QuantizationReport report) {
    this.report = report;
  }

  /** The page of a provider, if there is one. */
  static String of(QuantizationReport report) {
    try {
      Optional<ReportPageProvider> provider =
          ServiceLoader.load(ReportPageProvider.class, ReportPage.class.getClassLoader())
              .findFirst();
      if (provider.isPresent()) {
        return provider.get().page(report);
      }
    } catch (ServiceConfigurationError | RuntimeException e) {
      // What has been quantized is worth more than its figures.
      LOG.warn("the report has no figures: {}", e.toString());
    }
    return plain(report);
  }

  /** The page without figures. */
  static String plain(QuantizationReport report) {
    return new ReportPage(report).build();
  }

  private String build() {
    html.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        .append("<title>Quantization report</title>\n<style>\n")
        .append("body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#222}")
        .append("table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:right;")
        .append("border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}")
        .append("th{position:sticky;top:0;background:#fff}")
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
    if (!report.blocks().isEmpty()) {
      blocks();
    }
    table();
    return html.append("</body></html>\n").toString();
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
