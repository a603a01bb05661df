// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;

/** Weights of a form that has no kernel of its own times float activations. */
final class ScalarTermKernel extends ScalarRowKernel {
  private final WeightTerm weights;

  ScalarTermKernel(WeightTerm weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    this.weights = weights;
  }

  @Override
  void decode(int row, float[] values, ScratchPool scratch) {
    Arrays.fill(values, 0, inFeatures(), 0);
    weights.addRow(row, values, 0);
  }

  @Override
  public String describe() {
    return "scalar "
        + weights.describe()
        + " ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], float activations";
  }
}
