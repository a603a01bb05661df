// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernels.vector.dense.DotTile;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.VectorMatrix;

/** Vector-quantized weights, decoded where they lie: all rows of a vector at once. */
final class DecodedVectorKernel extends DecodedKernel {
  private final VectorMatrix weights;

  DecodedVectorKernel(VectorMatrix weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), rowsAtOnce(weights.length()), options);
    this.weights = weights;
  }

  /** The least number of rows that is both whole vectors and whole tiles. */
  private static int rowsAtOnce(int length) {
    int rows = length;
    while (rows % DotTile.SIZE != 0) {
      rows += length;
    }
    return rows;
  }

  @Override
  void decode(
      int row,
      int rows,
      int column,
      int count,
      float[] target,
      int offset,
      int rowStep,
      int columnStep) {
    int[] codes = options().scratch().ints(2 * count);
    weights.decode(row, rows, column, count, target, offset, rowStep, columnStep, codes);
    options().scratch().release(codes);
  }

  @Override
  public String describe() {
    return "vector "
        + weights.describe()
        + " by decoded vectors ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], float activations, "
        + Lanes.BITS
        + "-bit vectors";
  }
}
