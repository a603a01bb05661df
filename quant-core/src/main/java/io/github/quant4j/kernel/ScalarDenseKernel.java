// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Objects;

/** Full-precision weights in plain Java. */
final class ScalarDenseKernel implements LinearKernel {
  private static final ScalarLinearAlgebra ALGEBRA = new ScalarLinearAlgebra();

  private final FloatMatrix weights;
  private final WorkerTeam team;

  ScalarDenseKernel(FloatMatrix weights, WorkerTeam team) {
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
    ALGEBRA.multiplyTransposed(
        tokens, out, in, x, xOffset, in, weights.data(), 0, in, false, y, yOffset, out, team);
  }

  @Override
  public String describe() {
    return "scalar f32 [" + outFeatures() + ", " + inFeatures() + "]";
  }
}
