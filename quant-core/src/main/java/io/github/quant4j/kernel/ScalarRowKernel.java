// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;

/**
 * Weights times float activations in plain Java: each row is decoded, then multiplied.
 *
 * <p>Sums are in double, so that the result is the reference for kernels that sum in float.
 */
abstract class ScalarRowKernel extends PartitionedKernel {
  private static final int ROWS_IN_PART = 16;

  private final UnpreparedInput.Pool inputs = new UnpreparedInput.Pool();

  ScalarRowKernel(int inFeatures, int outFeatures, KernelOptions options) {
    super(inFeatures, outFeatures, options);
  }

  /** Writes the weights of a row over what is in the array. */
  abstract void decode(int row, float[] values, ScratchPool scratch);

  @Override
  protected final Object inputKind() {
    return UnpreparedInput.kind(inFeatures());
  }

  @Override
  protected final int batchSize() {
    return UnpreparedInput.BATCH;
  }

  @Override
  protected final PreparedInput bind(float[] x, int xOffset, int tokens) {
    return inputs.bind(x, xOffset);
  }

  @Override
  protected final int partCount(int tokens) {
    return Math.ceilDiv(outFeatures(), ROWS_IN_PART);
  }

  @Override
  protected final void multiplyPart(
      PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    UnpreparedInput x = (UnpreparedInput) input;
    int in = inFeatures();
    int out = outFeatures();
    ScratchPool scratch = options().scratch();
    float[] row = scratch.floats(in);
    int to = Math.min(out, (part + 1) * ROWS_IN_PART);
    for (int r = part * ROWS_IN_PART; r < to; r++) {
      decode(r, row, scratch);
      for (int t = 0; t < tokens; t++) {
        y[yOffset + t * out + r] = ScalarDot.dot(in, row, x.array(), x.offset() + t * in);
      }
    }
    scratch.release(row);
  }
}
