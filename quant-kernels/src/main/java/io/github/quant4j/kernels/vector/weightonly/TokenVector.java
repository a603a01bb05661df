// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;

/** One token as a {@link TileProduct} wants it, with sums over its groups. */
final class TokenVector implements PreparedInput {
  private static final float[] NONE = {};

  private final Pool pool;
  private float[] x = NONE;
  private int xOffset;
  private float[] values = NONE;
  private float[] starts = NONE;
  private float[] sums = NONE;

  private TokenVector(Pool pool) {
    this.pool = pool;
  }

  /** Where a kernel keeps its instances between calls. */
  static final class Pool {
    private final InstancePool<TokenVector> instances = new InstancePool<>(ScratchPool.SLOTS);
    private final ScratchPool scratch;
    private final TokenLayout layout;

    Pool(TokenLayout layout, ScratchPool scratch) {
      this.layout = layout;
      this.scratch = scratch;
    }

    TokenVector bind(float[] x, int xOffset) {
      TokenVector input = instances.poll();
      if (input == null) {
        input = new TokenVector(this);
      }
      input.x = x;
      input.xOffset = xOffset;
      input.values = scratch.floats(layout.valueCount());
      input.starts = scratch.floats(layout.groups());
      input.sums = scratch.floats(layout.groups());
      return input;
    }
  }

  /** What codes are multiplied by: the inputs, rearranged, or tables of their multiples. */
  float[] values() {
    return values;
  }

  /** For each group what its sum starts from, to make up for offsets of the codes. */
  float[] starts() {
    return starts;
  }

  /** For each group the negated sum of its inputs, which zero points are multiplied by. */
  float[] negatedSums() {
    return sums;
  }

  @Override
  public int parts() {
    return 1;
  }

  @Override
  public void run(int part) {
    TokenLayout layout = pool.layout;
    int in = layout.inFeatures();
    int size = layout.groupSize();
    for (int g = 0; g < layout.groups(); g++) {
      int to = Math.min(in, (g + 1) * size);
      double sum = sum(x, xOffset + g * size, xOffset + to);
      sums[g] = (float) -sum;
      starts[g] = (float) (-sum * layout.offset());
    }
    layout.arrangement().arrange(layout, x, xOffset, values, starts);
  }

  /** The sum of a run of inputs; four sums hide the latency of the additions. */
  static double sum(float[] x, int from, int to) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = from;
    for (; i + 4 <= to; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < to; i++) {
      s0 += x[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** Copies the inputs as they are, zeros behind. */
  static void copy(TokenLayout layout, float[] x, int xOffset, float[] values) {
    System.arraycopy(x, xOffset, values, 0, layout.inFeatures());
    Arrays.fill(values, layout.inFeatures(), layout.valueCount(), 0f);
  }

  @Override
  public void release() {
    pool.scratch.release(sums);
    pool.scratch.release(starts);
    pool.scratch.release(values);
    sums = NONE;
    starts = NONE;
    values = NONE;
    x = NONE;
    pool.instances.offer(this);
  }
}
