// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.parallel.WorkerTeam;

/** Compressed rows times float activations, with sums in double. */
final class ScalarSparseKernel implements LinearKernel {
  private static final int ROWS_IN_PART = 64;

  private final SparseMatrix weights;
  private final WorkerTeam team;

  ScalarSparseKernel(SparseMatrix weights, WorkerTeam team) {
    this.weights = weights;
    this.team = team;
  }

  @Override
  public int inFeatures() {
    return weights.columns();
  }

  @Override
  public int outFeatures() {
    return weights.rows();
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    int in = inFeatures();
    int out = outFeatures();
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    team.run(
        Math.ceilDiv(out, ROWS_IN_PART),
        part -> {
          int to = Math.min(out, (part + 1) * ROWS_IN_PART);
          for (int r = part * ROWS_IN_PART; r < to; r++) {
            for (int t = 0; t < tokens; t++) {
              double sum = 0;
              int from = xOffset + t * in;
              for (int i = weights.rowStart(r); i < weights.rowStart(r + 1); i++) {
                sum += (double) weights.value(i) * x[from + weights.column(i)];
              }
              y[yOffset + t * out + r] = (float) sum;
            }
          }
        });
  }

  @Override
  public String describe() {
    return "scalar sparse [" + outFeatures() + ", " + inFeatures() + "], " + weights.count();
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
