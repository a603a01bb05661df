// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

/** Adds a bias to what another kernel computes. */
final class BiasKernel implements LinearKernel {
  private final LinearKernel inner;
  private final float[] bias;

  BiasKernel(LinearKernel inner, float[] bias) {
    assert bias.length == inner.outFeatures();
    this.inner = inner;
    this.bias = bias;
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
    inner.multiply(x, xOffset, tokens, y, yOffset);
    for (int t = 0; t < tokens; t++) {
      int at = yOffset + t * bias.length;
      for (int i = 0; i < bias.length; i++) {
        y[at + i] += bias[i];
      }
    }
  }

  @Override
  public String describe() {
    return inner.describe() + " + bias";
  }
}
