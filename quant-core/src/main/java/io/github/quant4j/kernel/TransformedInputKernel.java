// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.transform.InputTransform;

/** Transforms the input, then hands it to another kernel. */
final class TransformedInputKernel implements LinearKernel {
  private final InputTransform transform;
  private final LinearKernel inner;
  private final Compute compute;
  private final KernelOptions options;

  TransformedInputKernel(InputTransform transform, LinearKernel inner, KernelOptions options) {
    assert transform.size() == inner.inFeatures();
    this.transform = transform;
    this.inner = inner;
    this.options = options;
    this.compute = options.compute();
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
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    float[] transformed = options.scratch().floats(Math.multiplyExact(tokens, inFeatures()));
    try {
      transform.apply(x, xOffset, tokens, transformed, 0, compute);
      inner.multiply(transformed, 0, tokens, y, yOffset);
    } finally {
      options.scratch().release(transformed);
    }
  }

  @Override
  public String describe() {
    return inner.describe() + " after " + transform.describe();
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
