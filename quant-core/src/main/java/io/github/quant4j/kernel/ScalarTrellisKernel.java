// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.matrix.TrellisMatrix;

/**
 * Trellis-coded weights times integer activations in plain Java: {@link TrellisArithmetic} word for
 * word, and thus the oracle of all kernels of this pair. Sums are in long, so that nothing can
 * overflow.
 */
final class ScalarTrellisKernel implements LinearKernel {
  private static final int ROWS_IN_PART = 16;
  private static final int TOKENS_AT_ONCE = 64;

  private final TrellisMatrix weights;
  private final ActivationQuantizer activations;
  private final AffineCodes activationCodes;
  private final float[] rowScales;
  private final KernelOptions options;

  ScalarTrellisKernel(
      TrellisMatrix weights,
      ActivationQuantizer activations,
      TrellisArithmetic arithmetic,
      KernelOptions options) {
    this.weights = weights;
    this.activations = activations;
    this.activationCodes = arithmetic.activationCodes();
    this.rowScales = weights.scales();
    this.options = options;
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
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    int in = inFeatures();
    int out = outFeatures();
    int batch = Math.min(tokens, TOKENS_AT_ONCE);
    byte[] codes = new byte[batch * in];
    float[] scales = new float[batch];
    int[] zeros = new int[batch];
    float[] scale = new float[1];
    float[] zero = new float[1];
    for (int done = 0; done < tokens; done += batch) {
      int count = Math.min(batch, tokens - done);
      for (int t = 0; t < count; t++) {
        activations.quantize(x, xOffset + (done + t) * in, in, codes, t * in, scale, zero);
        scales[t] = scale[0];
        zeros[t] = (int) zero[0];
      }
      int to = yOffset + done * out;
      options
          .team()
          .run(
              Math.ceilDiv(out, ROWS_IN_PART),
              part -> {
                byte[] row = new byte[in];
                int end = Math.min(out, (part + 1) * ROWS_IN_PART);
                for (int r = part * ROWS_IN_PART; r < end; r++) {
                  weights.decodeIntegers(r, row, 0);
                  for (int t = 0; t < count; t++) {
                    long integer = sum(row, codes, t * in, zeros[t]);
                    y[to + t * out + r] = (float) integer * (rowScales[r] * scales[t]);
                  }
                }
              });
    }
  }

  private long sum(byte[] row, byte[] codes, int offset, int zero) {
    long integer = 0;
    for (int i = 0; i < row.length; i++) {
      integer += (long) row[i] * (activationCodes.value(codes[offset + i] & 0xff) - zero);
    }
    return integer;
  }

  @Override
  public String describe() {
    return "scalar " + weights + ", " + activations.scheme() + " activations";
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
