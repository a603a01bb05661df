// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;

/** One kernel after another: a product of two matrices. */
final class ProductKernel implements LinearKernel {
  private final LinearKernel first;
  private final LinearKernel second;
  private final ScratchPool scratch;

  ProductKernel(LinearKernel first, LinearKernel second, ScratchPool scratch) {
    this.scratch = scratch;
    assert first.outFeatures() == second.inFeatures();
    this.first = first;
    this.second = second;
  }

  /** The factor that reads the input. */
  LinearKernel first() {
    return first;
  }

  /** The factor that reads what the first one gives. */
  LinearKernel second() {
    return second;
  }

  ScratchPool scratch() {
    return scratch;
  }

  @Override
  public int inFeatures() {
    return first.inFeatures();
  }

  @Override
  public int outFeatures() {
    return second.outFeatures();
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    float[] middle = scratch.floats(Math.multiplyExact(tokens, first.outFeatures()));
    try {
      first.multiply(x, xOffset, tokens, middle, 0);
      second.multiply(middle, 0, tokens, y, yOffset);
    } finally {
      scratch.release(middle);
    }
  }

  @Override
  public String describe() {
    return "(" + second.describe() + ") x (" + first.describe() + ")";
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
