// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;

/** Gathers some input features and hands them to another kernel. */
final class ColumnsKernel implements LinearKernel {
  private final int[] sources;
  private final int inFeatures;
  private final LinearKernel inner;
  private final ScratchPool scratch;

  ColumnsKernel(int[] sources, int inFeatures, LinearKernel inner, ScratchPool scratch) {
    this.scratch = scratch;
    assert sources.length == inner.inFeatures();
    this.sources = sources;
    this.inFeatures = inFeatures;
    this.inner = inner;
  }

  @Override
  public int inFeatures() {
    return inFeatures;
  }

  @Override
  public int outFeatures() {
    return inner.outFeatures();
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    float[] gathered = scratch.floats(tokens * sources.length);
    try {
      for (int t = 0; t < tokens; t++) {
        for (int i = 0; i < sources.length; i++) {
          gathered[t * sources.length + i] = x[xOffset + t * inFeatures + sources[i]];
        }
      }
      inner.multiply(gathered, 0, tokens, y, yOffset);
    } finally {
      scratch.release(gathered);
    }
  }

  @Override
  public String describe() {
    return inner.describe() + " on " + sources.length + " of " + inFeatures + " inputs";
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
