// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.rounding.RoundingReport;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;
import java.util.List;

/**
 * A quantized matrix and the weights that its rounding kept apart; their sum stands for the
 * weights.
 *
 * @param matrix the packed matrix
 * @param places which weights are kept, by row-major position
 * @param values what is added to the matrix, {@code [out, in]}; zero elsewhere
 * @param threshold from which relative cost of its rounding a weight is kept
 * @param reports what each rounding reports, in order
 */
public record SparseQuantizationResult(
    QuantizedMatrix matrix,
    BitSet places,
    FloatMatrix values,
    double threshold,
    List<RoundingReport> reports) {

  /** Copies the list. */
  public SparseQuantizationResult {
    reports = List.copyOf(reports);
  }
}
