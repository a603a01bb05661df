// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

/**
 * Makes the page that lies beside quantized weights; found through {@link java.util.ServiceLoader}.
 * Without one it has tables and no figures. {@code quant-report} has one with figures.
 */
public interface ReportPageProvider {

  /**
   * Makes a page.
   *
   * @param report how a model was quantized
   * @return HTML that needs no other file
   */
  String page(QuantizationReport report);
}
