// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/**
 * Many tokens, packed for {@link RegisterTile}: tile after tile of 8, 4, 2 or 1 tokens, each {@code
 * [inFeatures, tokens of the tile]}.
 */
public final class TokenPanels implements PreparedInput {
  private static final float[] NONE = {};

  private final Pool pool;
  private float[] x = NONE;
  private int xOffset;
  private int tokens;
  private int inFeatures;
  private float[] panels = NONE;

  private TokenPanels(Pool pool) {
    this.pool = pool;
  }

  /** Where a kernel keeps its instances between calls. */
  public static final class Pool {
    private final InstancePool<TokenPanels> instances = new InstancePool<>(ScratchPool.SLOTS);
    private final ScratchPool scratch;

    /**
     * Makes an empty pool.
     *
     * @param scratch where panels are packed
     */
    public Pool(ScratchPool scratch) {
      this.scratch = scratch;
    }

    /**
     * Binds an instance to an input.
     *
     * @param x the input, row-major {@code [tokens, inFeatures]}
     * @param xOffset position of its first element
     * @param tokens at least 1
     * @param inFeatures its width
     * @return the bound instance
     */
    public TokenPanels bind(float[] x, int xOffset, int tokens, int inFeatures) {
      TokenPanels input = instances.poll();
      if (input == null) {
        input = new TokenPanels(this);
      }
      input.x = x;
      input.xOffset = xOffset;
      input.tokens = tokens;
      input.inFeatures = inFeatures;
      input.panels = scratch.floats(tokens * inFeatures);
      return input;
    }
  }

  /**
   * The packed tokens: the tile of token {@code t} begins at {@code t * inFeatures}.
   *
   * @return the panels
   */
  float[] panels() {
    return panels;
  }

  @Override
  public int parts() {
    return Math.ceilDiv(tokens, RegisterTile.HEIGHT);
  }

  @Override
  public void run(int part) {
    int from = part * RegisterTile.HEIGHT;
    int to = Math.min(tokens, from + RegisterTile.HEIGHT);
    for (int t = from; t < to; ) {
      int height = RegisterTile.height(to - t);
      Panels.pack(
          x,
          xOffset + t * inFeatures,
          inFeatures,
          1,
          height,
          height,
          inFeatures,
          1f,
          panels,
          t * inFeatures);
      t += height;
    }
  }

  @Override
  public void release() {
    pool.scratch.release(panels);
    panels = NONE;
    x = NONE;
    pool.instances.offer(this);
  }
}
