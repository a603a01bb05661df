// SPDX-License-Identifier: Apache-2.0

/** Pictures and pages of quantizations and studies. */
module quant4j.report {
  requires static org.jspecify;
  requires java.desktop;
  requires org.knowm.xchart;
  requires transitive quant4j.calib;

  exports io.github.quant4j.report;
  exports io.github.quant4j.report.figure;
  exports io.github.quant4j.report.image;
  exports io.github.quant4j.report.page;

  provides io.github.quant4j.pipeline.ReportPageProvider with
      io.github.quant4j.report.QuantizationPageProvider;
}
