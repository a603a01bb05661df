// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.rounding.RoundingReport;
import java.util.List;

/**
 * A quantized matrix and how it came about.
 *
 * @param matrix the packed matrix
 * @param reports one for each rounding of the chain, in order
 */
public record QuantizationResult(QuantizedMatrix matrix, List<RoundingReport> reports) {

  /** Copies the list. */
  public QuantizationResult {
    reports = List.copyOf(reports);
  }
}
