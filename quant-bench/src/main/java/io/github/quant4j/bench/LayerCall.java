// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;

/** A multiplication by a random layer, again and again: what {@link BuildComparison} times. */
public final class LayerCall implements Runnable {
  private final LinearKernel[] kernels;
  private final int tokens;
  private final float[] x;
  private final float[] y;
  private int next;

  /**
   * Makes the kernels.
   *
   * @param format what {@link LayerFormat#parse} reads
   * @param tokens tokens of a call
   * @param size inputs, and outputs
   * @param threads threads in all
   * @param weights the name of a {@link Residence}
   */
  public LayerCall(String format, int tokens, int size, int threads, String weights) {
    LayerFormat formats = LayerFormat.parse(format);
    QuantizedMatrix matrix = formats.randomMatrix(size, size);
    KernelOptions options = KernelOptions.defaults().withTeam(WorkerTeam.ofThreads(threads));
    this.kernels =
        new LinearKernel[Residence.valueOf(weights).matrices(matrix.storageBits() / Byte.SIZE)];
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = formats.kernel(matrix, options);
    }
    this.tokens = tokens;
    this.x = LayerFormat.gaussians((long) tokens * size);
    this.y = new float[tokens * size];
  }

  @Override
  public void run() {
    kernels[next].multiply(x, 0, tokens, y, 0);
    next = (next + 1) % kernels.length;
  }
}
