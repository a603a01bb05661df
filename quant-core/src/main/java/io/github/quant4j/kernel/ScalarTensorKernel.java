// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.tensor.Tensor;

/** Full-precision weights of any real element type, decoded where they lie. */
final class ScalarTensorKernel extends ScalarRowKernel {
  private final Tensor weights;

  ScalarTensorKernel(Tensor weights, KernelOptions options) {
    super(
        Math.toIntExact(weights.shape().dimension(1)),
        Math.toIntExact(weights.shape().dimension(0)),
        options);
    this.weights = weights;
  }

  @Override
  void decode(int row, float[] values, ScratchPool scratch) {
    weights.readFloats((long) row * inFeatures(), inFeatures(), values, 0);
  }

  @Override
  public String describe() {
    return "scalar "
        + weights.dtype().label()
        + " ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], read in place";
  }
}
