// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/** Quantized tokens as integers less their zero points, in floats; each token is a part. */
final class IntegerInput implements PreparedInput {
  private static final float[] NONE = {};

  private final Maker maker;
  private int tokens;
  private float[] x = NONE;
  private int xOffset;
  private float[] values = NONE;
  private float[] scales = NONE;

  private IntegerInput(Maker maker) {
    this.maker = maker;
  }

  /** Whatever the values depend on. */
  record Kind(ActivationQuantizer activations, int inFeatures) {}

  /** What inputs are made with, and where they lie between calls. */
  static final class Maker {
    private final ActivationQuantizer activations;
    private final AffineCodes codes;
    private final int inFeatures;
    private final int runs;
    private final ScratchPool scratch;
    private final InstancePool<IntegerInput> instances = new InstancePool<>(ScratchPool.SLOTS);

    Maker(
        ActivationQuantizer activations,
        IntegerArithmetic arithmetic,
        int inFeatures,
        ScratchPool scratch) {
      this.activations = activations;
      this.codes = arithmetic.activationCodes();
      this.inFeatures = inFeatures;
      this.runs = inFeatures / arithmetic.runLength();
      this.scratch = scratch;
    }

    IntegerInput bind(float[] x, int xOffset, int tokens) {
      IntegerInput input = instances.poll();
      if (input == null) {
        input = new IntegerInput(this);
      }
      input.tokens = tokens;
      input.x = x;
      input.xOffset = xOffset;
      input.values = scratch.floats(tokens * inFeatures);
      input.scales = scratch.floats(tokens * runs);
      return input;
    }
  }

  /** The integers, {@code [tokens, in]}. */
  float[] values() {
    return values;
  }

  /** The scale of a run of a token. */
  float scale(int token, int run) {
    return scales[token * maker.runs + run];
  }

  @Override
  public int parts() {
    return tokens;
  }

  @Override
  public void run(int token) {
    int in = maker.inFeatures;
    int runs = maker.runs;
    int length = in / runs;
    byte[] codes = maker.scratch.bytes(in);
    float[] own = maker.scratch.floats(runs);
    float[] zeros = maker.scratch.floats(runs);
    maker.activations.quantize(x, xOffset + token * in, in, codes, 0, own, zeros);
    System.arraycopy(own, 0, scales, token * runs, runs);
    for (int run = 0; run < runs; run++) {
      int zero = (int) zeros[run];
      for (int i = run * length; i < (run + 1) * length; i++) {
        values[token * in + i] = maker.codes.value(codes[i] & 0xff) - zero;
      }
    }
    maker.scratch.release(zeros);
    maker.scratch.release(own);
    maker.scratch.release(codes);
  }

  @Override
  public void release() {
    maker.scratch.release(values);
    maker.scratch.release(scales);
    x = NONE;
    values = NONE;
    scales = NONE;
    maker.instances.offer(this);
  }
}
