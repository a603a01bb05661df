// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/**
 * A few tokens for weights that are read in pairs: each run of two vectors has its even elements
 * first, then its odd ones; what fills no two vectors keeps its order. For weights that are read
 * one by one, the caller's array itself.
 */
final class PairedTokens implements PreparedInput {
  private static final int LANES = Lanes.FLOATS;
  private static final float[] NONE = {};

  private final Pool pool;
  private float[] x = NONE;
  private int xOffset;
  private int tokens;
  private int inFeatures;
  private boolean paired;
  private float[] array = NONE;

  private PairedTokens(Pool pool) {
    this.pool = pool;
  }

  /** Where a kernel keeps its instances between calls. */
  static final class Pool {
    private final InstancePool<PairedTokens> instances = new InstancePool<>(ScratchPool.SLOTS);
    private final ScratchPool scratch;

    Pool(ScratchPool scratch) {
      this.scratch = scratch;
    }

    PairedTokens bind(float[] x, int xOffset, int tokens, int inFeatures, boolean paired) {
      PairedTokens input = instances.poll();
      if (input == null) {
        input = new PairedTokens(this);
      }
      input.x = x;
      input.xOffset = xOffset;
      input.tokens = tokens;
      input.inFeatures = inFeatures;
      input.paired = paired;
      input.array = paired ? scratch.floats(tokens * inFeatures) : x;
      return input;
    }
  }

  float[] array() {
    return array;
  }

  int offset(int token) {
    return (paired ? 0 : xOffset) + token * inFeatures;
  }

  /** How many elements of a token fill whole vectors, or whole pairs of them. */
  int whole() {
    return inFeatures - inFeatures % (paired ? 2 * LANES : LANES);
  }

  @Override
  public int parts() {
    return paired ? 1 : 0;
  }

  @Override
  public void run(int part) {
    int whole = whole();
    for (int t = 0; t < tokens; t++) {
      int from = xOffset + t * inFeatures;
      int to = t * inFeatures;
      for (int k = 0; k < whole; k += 2 * LANES) {
        for (int i = 0; i < LANES; i++) {
          array[to + k + i] = x[from + k + 2 * i];
          array[to + k + LANES + i] = x[from + k + 2 * i + 1];
        }
      }
      System.arraycopy(x, from + whole, array, to + whole, inFeatures - whole);
    }
  }

  @Override
  public void release() {
    if (paired) {
      pool.scratch.release(array);
    }
    array = NONE;
    x = NONE;
    pool.instances.offer(this);
  }
}
