// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;

/** Full-precision weights in plain Java. */
final class ScalarDenseKernel extends PartitionedKernel {
  private static final int ROWS_IN_PART = 16;
  private static final ScalarLinearAlgebra ALGEBRA = new ScalarLinearAlgebra();

  private final FloatMatrix weights;
  private final UnpreparedInput.Pool inputs = new UnpreparedInput.Pool();

  ScalarDenseKernel(FloatMatrix weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    this.weights = weights;
  }

  @Override
  protected Object inputKind() {
    return UnpreparedInput.kind(inFeatures());
  }

  @Override
  protected int batchSize() {
    return UnpreparedInput.BATCH;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    return inputs.bind(x, xOffset);
  }

  @Override
  protected int partCount(int tokens) {
    return Math.ceilDiv(outFeatures(), ROWS_IN_PART);
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    UnpreparedInput x = (UnpreparedInput) input;
    int in = inFeatures();
    int out = outFeatures();
    int from = part * ROWS_IN_PART;
    int count = Math.min(ROWS_IN_PART, out - from);
    ALGEBRA.multiplyTransposed(
        MatrixView.dense(x.array(), x.offset(), tokens, in),
        MatrixView.dense(weights.data(), from * in, count, in),
        false,
        new MatrixView(y, yOffset + from, tokens, count, out),
        WorkerTeam.sequential());
  }

  @Override
  public String describe() {
    return "scalar f32 [" + outFeatures() + ", " + inFeatures() + "]";
  }
}
