// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.tensor.Tensor;

/**
 * Full-precision weights of any real element type, decoded row by row where they lie.
 *
 * <p>Sums are in double, so that the result is the reference for kernels that sum in float.
 */
final class ScalarTensorKernel extends PartitionedKernel {
  private static final int ROWS_IN_PART = 16;

  private final Tensor weights;
  private final UnpreparedInput.Pool inputs = new UnpreparedInput.Pool();

  ScalarTensorKernel(Tensor weights, KernelOptions options) {
    super(
        Math.toIntExact(weights.shape().dimension(1)),
        Math.toIntExact(weights.shape().dimension(0)),
        options);
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
    float[] row = options().scratch().floats(in);
    int to = Math.min(out, (part + 1) * ROWS_IN_PART);
    for (int r = part * ROWS_IN_PART; r < to; r++) {
      weights.readFloats((long) r * in, in, row, 0);
      for (int t = 0; t < tokens; t++) {
        y[yOffset + t * out + r] = ScalarDot.dot(in, row, x.array(), x.offset() + t * in);
      }
    }
    options().scratch().release(row);
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
