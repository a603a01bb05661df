// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;

/**
 * Rounds the input to what an activation format can express, then multiplies in float.
 *
 * <p>For pairs without integer arithmetic (FP8, MXFP, NVFP4 activations) this is the arithmetic
 * itself: their products are exact in float, and only the order of the sum differs.
 */
public final class FakeQuantizedInputKernel implements LinearKernel {
  private final ActivationQuantizer activations;
  private final LinearKernel inner;

  /**
   * Puts a quantizer before a kernel.
   *
   * @param activations how the input is quantized
   * @param inner what multiplies it
   */
  public FakeQuantizedInputKernel(ActivationQuantizer activations, LinearKernel inner) {
    this.activations = activations;
    this.inner = inner;
  }

  @Override
  public int inFeatures() {
    return inner.inFeatures();
  }

  @Override
  public int outFeatures() {
    return inner.outFeatures();
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    int columns = inFeatures();
    float[] rounded = new float[tokens * columns];
    for (int t = 0; t < tokens; t++) {
      activations.fakeQuantize(x, xOffset + t * columns, columns, rounded, t * columns);
    }
    inner.multiply(rounded, 0, tokens, y, yOffset);
  }

  @Override
  public String describe() {
    return inner.describe() + " after rounding the input to " + activations.scheme();
  }
}
