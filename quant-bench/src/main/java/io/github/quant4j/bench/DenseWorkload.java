// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.tensor.FloatMatrix;

/** Kernels for f32 weights. */
public abstract class DenseWorkload extends LinearWorkload {
  /** For benchmarks. */
  protected DenseWorkload() {}

  /**
   * Makes the kernels.
   *
   * @param tokens tokens of a call
   * @param provider which kernels
   * @param weights where weights lie
   */
  final void start(int tokens, String provider, Residence weights) {
    KernelOptions options = options(provider);
    float[] values = LayerFormat.gaussians((long) n * k);
    // A kernel may keep the matrix, so that each must have its own.
    start(
        tokens,
        weights.matrices((long) Float.BYTES * values.length),
        () -> Kernels.forMatrix(FloatMatrix.wrap(n, k, values.clone()), options));
  }
}
