// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.ScratchPool;

/** Quantized weights of any format times float activations. */
final class ScalarFloatKernel extends ScalarRowKernel {
  private final QuantizedMatrix weights;

  ScalarFloatKernel(QuantizedMatrix weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    this.weights = weights;
  }

  @Override
  void decode(int row, float[] values, ScratchPool scratch) {
    byte[] codes = scratch.bytes(inFeatures());
    weights.dequantizeRow(row, values, 0, codes);
    scratch.release(codes);
  }

  @Override
  public String describe() {
    return "scalar "
        + weights.scheme()
        + " ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], float activations";
  }
}
