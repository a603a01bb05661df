// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/** A few tokens, each prepared by itself. */
final class TokenVectors implements PreparedInput {
  /** The most tokens for which decoding in registers, again for each, beats decoding to memory. */
  static final int MOST = 5;

  private final Pool pool;
  private final TokenVector[] tokens = new TokenVector[MOST];
  private int count;

  private TokenVectors(Pool pool) {
    this.pool = pool;
  }

  /** Where a kernel keeps its instances between calls. */
  static final class Pool {
    private final InstancePool<TokenVectors> instances = new InstancePool<>(ScratchPool.SLOTS);
    private final TokenVector.Pool tokens;
    private final int inFeatures;

    Pool(TokenLayout layout, ScratchPool scratch) {
      this.tokens = new TokenVector.Pool(layout, scratch);
      this.inFeatures = layout.inFeatures();
    }

    TokenVectors bind(float[] x, int xOffset, int count) {
      TokenVectors input = instances.poll();
      if (input == null) {
        input = new TokenVectors(this);
      }
      input.count = count;
      for (int t = 0; t < count; t++) {
        input.tokens[t] = tokens.bind(x, xOffset + t * inFeatures);
      }
      return input;
    }
  }

  int count() {
    return count;
  }

  TokenVector get(int token) {
    return tokens[token];
  }

  @Override
  public int parts() {
    return count;
  }

  @Override
  public void run(int part) {
    tokens[part].run(0);
  }

  @Override
  public void release() {
    for (int t = 0; t < count; t++) {
      tokens[t].release();
    }
    pool.instances.offer(this);
  }
}
