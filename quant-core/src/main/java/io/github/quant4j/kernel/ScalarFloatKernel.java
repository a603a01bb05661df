// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.Objects;

/**
 * Quantized weights times float activations: each row is decoded, then multiplied.
 *
 * <p>Sums are in double, so that the result is the reference for kernels that sum in float.
 */
final class ScalarFloatKernel implements LinearKernel {
  private static final int ROWS_IN_PART = 16;

  private final QuantizedMatrix weights;
  private final WorkerTeam team;

  ScalarFloatKernel(QuantizedMatrix weights, WorkerTeam team) {
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
    Objects.checkFromIndexSize(xOffset, tokens * in, x.length);
    Objects.checkFromIndexSize(yOffset, tokens * out, y.length);
    team.run(
        Math.ceilDiv(out, ROWS_IN_PART),
        part -> {
          float[] row = new float[in];
          int to = Math.min(out, (part + 1) * ROWS_IN_PART);
          for (int r = part * ROWS_IN_PART; r < to; r++) {
            weights.dequantizeRow(r, row, 0);
            for (int t = 0; t < tokens; t++) {
              y[yOffset + t * out + r] = dot(row, x, xOffset + t * in);
            }
          }
        });
  }

  private static float dot(float[] row, float[] x, int from) {
    double even = 0;
    double odd = 0;
    int i = 0;
    for (; i + 2 <= row.length; i += 2) {
      even += (double) row[i] * x[from + i];
      odd += (double) row[i + 1] * x[from + i + 1];
    }
    if (i < row.length) {
      even += (double) row[i] * x[from + i];
    }
    return (float) (even + odd);
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
