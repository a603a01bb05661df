// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;

/**
 * Weights of a form that has no kernel of its own times float activations: each row is decoded, then
 * multiplied, with sums in double.
 */
final class ScalarTermKernel extends PartitionedKernel {
  private static final int ROWS_IN_PART = 16;

  private final WeightTerm weights;
  private final UnpreparedInput.Pool inputs = new UnpreparedInput.Pool();

  ScalarTermKernel(WeightTerm weights, KernelOptions options) {
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
    ScratchPool scratch = options().scratch();
    float[] row = scratch.floats(in);
    int to = Math.min(out, (part + 1) * ROWS_IN_PART);
    for (int r = part * ROWS_IN_PART; r < to; r++) {
      Arrays.fill(row, 0, in, 0);
      weights.addRow(r, row, 0);
      for (int t = 0; t < tokens; t++) {
        y[yOffset + t * out + r] = ScalarDot.dot(in, row, x.array(), x.offset() + t * in);
      }
    }
    scratch.release(row);
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
