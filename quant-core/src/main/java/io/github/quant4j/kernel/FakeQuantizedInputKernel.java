// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.parallel.ScratchPool;

/**
 * Rounds the input to what an activation format can express, then multiplies in float.
 *
 * <p>For pairs without integer arithmetic (FP8, MXFP, NVFP4 activations) this is the arithmetic
 * itself: their products are exact in float, and only the order of the sum differs.
 */
public final class FakeQuantizedInputKernel implements LinearKernel {
  private static final int TOKENS_AT_ONCE = 64;

  private final ActivationQuantizer activations;
  private final LinearKernel inner;
  private final ScratchPool scratch;
  private final float[] levels;

  /**
   * Puts a quantizer before a kernel, with scratch memory of its own.
   *
   * @param activations how the input is quantized
   * @param inner what multiplies it
   */
  public FakeQuantizedInputKernel(ActivationQuantizer activations, LinearKernel inner) {
    this(activations, inner, new ScratchPool());
  }

  /**
   * Puts a quantizer before a kernel.
   *
   * @param activations how the input is quantized
   * @param inner what multiplies it
   * @param scratch where the rounded input lies
   */
  public FakeQuantizedInputKernel(
      ActivationQuantizer activations, LinearKernel inner, ScratchPool scratch) {
    this.activations = activations;
    this.inner = inner;
    this.scratch = scratch;
    NumberFormat format = activations.scheme().format();
    this.levels = format.decodeTable();
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
    int in = inFeatures();
    int out = outFeatures();
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    int run = activations.runLength(in);
    int runs = in / run;
    int batch = Math.min(tokens, TOKENS_AT_ONCE);
    float[] rounded = scratch.floats(batch * in);
    byte[] codes = scratch.bytes(in);
    float[] scales = scratch.floats(runs);
    float[] zeros = scratch.floats(runs);
    for (int done = 0; done < tokens; done += batch) {
      int count = Math.min(batch, tokens - done);
      for (int t = 0; t < count; t++) {
        activations.quantize(x, xOffset + (done + t) * in, in, codes, 0, scales, zeros);
        for (int r = 0; r < runs; r++) {
          decode(codes, r * run, run, scales[r], zeros[r], rounded, t * in);
        }
      }
      inner.multiply(rounded, 0, count, y, yOffset + done * out);
    }
    scratch.release(zeros);
    scratch.release(scales);
    scratch.release(codes);
    scratch.release(rounded);
  }

  private void decode(
      byte[] codes, int from, int count, float scale, float zero, float[] target, int offset) {
    for (int i = from; i < from + count; i++) {
      target[offset + i] = (levels[codes[i] & 0xff] - zero) * scale;
    }
  }

  @Override
  public String describe() {
    return inner.describe() + " after rounding the input to " + activations.scheme();
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
