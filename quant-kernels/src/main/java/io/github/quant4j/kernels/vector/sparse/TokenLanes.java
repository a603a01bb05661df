// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.sparse;

import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/**
 * Tokens as lanes: block after block of as many tokens as a vector has lanes, each {@code
 * [inFeatures, tokens]}, zeros beyond the last token. A single token is the caller's array itself.
 */
final class TokenLanes implements PreparedInput {
  private static final int LANES = Lanes.FLOATS;
  private static final int FEATURES_IN_PART = 1024;

  /** Features that are transposed together: a cache line of each token. */
  private static final int PIECE = 16;

  private static final float[] NONE = {};

  private final Pool pool;
  private float[] x = NONE;
  private int xOffset;
  private int tokens;
  private int inFeatures;
  private float[] lanes = NONE;

  private TokenLanes(Pool pool) {
    this.pool = pool;
  }

  /** Where a kernel keeps its instances between calls. */
  static final class Pool {
    private final InstancePool<TokenLanes> instances = new InstancePool<>(ScratchPool.SLOTS);
    private final ScratchPool scratch;

    Pool(ScratchPool scratch) {
      this.scratch = scratch;
    }

    TokenLanes bind(float[] x, int xOffset, int tokens, int inFeatures) {
      TokenLanes input = instances.poll();
      if (input == null) {
        input = new TokenLanes(this);
      }
      input.x = x;
      input.xOffset = xOffset;
      input.tokens = tokens;
      input.inFeatures = inFeatures;
      input.lanes =
          tokens == 1 ? x : scratch.floats(Math.ceilDiv(tokens, LANES) * LANES * inFeatures);
      return input;
    }
  }

  /** The tokens; a single one begins at {@link #offset()}. */
  float[] array() {
    return lanes;
  }

  int offset() {
    return tokens == 1 ? xOffset : 0;
  }

  @Override
  public int parts() {
    return tokens == 1 ? 0 : Math.ceilDiv(inFeatures, FEATURES_IN_PART);
  }

  @Override
  public void run(int part) {
    int end = Math.min(inFeatures, (part + 1) * FEATURES_IN_PART);
    int padded = Math.ceilDiv(tokens, LANES) * LANES;
    for (int from = part * FEATURES_IN_PART; from < end; from += PIECE) {
      int to = Math.min(end, from + PIECE);
      for (int t = 0; t < padded; t++) {
        int source = xOffset + t * inFeatures;
        int target = t / LANES * LANES * inFeatures + t % LANES;
        for (int k = from; k < to; k++) {
          lanes[target + k * LANES] = t < tokens ? x[source + k] : 0f;
        }
      }
    }
  }

  @Override
  public void release() {
    if (tokens > 1) {
      pool.scratch.release(lanes);
    }
    lanes = NONE;
    x = NONE;
    pool.instances.offer(this);
  }
}
