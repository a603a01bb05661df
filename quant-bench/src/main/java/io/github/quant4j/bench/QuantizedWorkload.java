// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.matrix.QuantizedMatrix;

/** Kernels for quantized weights. */
public abstract class QuantizedWorkload extends LinearWorkload {
  /** For benchmarks. */
  protected QuantizedWorkload() {}

  /**
   * Makes the kernels.
   *
   * @param format what {@link LayerFormat#parse} reads
   * @param tokens tokens of a call
   * @param provider which kernels
   * @param weights where weights lie
   */
  final void start(String format, int tokens, String provider, Residence weights) {
    LayerFormat formats = LayerFormat.parse(format);
    QuantizedMatrix matrix = formats.randomMatrix(n, k);
    KernelOptions options = options(provider);
    int count = weights.matrices(matrix.storageBits() / Byte.SIZE);
    // A kernel packs its own copy, so that one matrix will do for all.
    start(tokens, count, () -> formats.kernel(matrix, options));
  }
}
