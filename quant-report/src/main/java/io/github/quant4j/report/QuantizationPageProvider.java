// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.ReportPageProvider;

/** Lets quantizations write {@link QuantizationPage}s beside the weights. */
public final class QuantizationPageProvider implements ReportPageProvider {

  /** For {@link java.util.ServiceLoader}. */
  public QuantizationPageProvider() {}

  @Override
  public String page(QuantizationReport report) {
    return QuantizationPage.of(report).html();
  }
}
