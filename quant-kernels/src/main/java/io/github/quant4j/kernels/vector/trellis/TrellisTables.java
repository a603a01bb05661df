// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import jdk.incubator.vector.FloatVector;

/**
 * A few tokens as tables: for each four activations all sums of them with either sign, where a bit
 * of the index is a minus. For vectors of 512 bits, in which a table is a register.
 */
final class TrellisTables implements PreparedInput {
  /** Entries of a table. */
  static final int SIZE = 16;

  /** The most tokens at once; for more of them it pays to decode. */
  static final int MOST = 16;

  private static final int INDEX_BITS = 4;
  private static final int WORD = SIZE * INDEX_BITS;
  private static final float[] NONE = {};

  /** For each bit of an index, its sign in all entries. */
  private static final float[] SIGNS = signs();

  private final Pool pool;
  private float[] x = NONE;
  private int xOffset;
  private int tokens;
  private float[] tables = NONE;

  private TrellisTables(Pool pool) {
    this.pool = pool;
  }

  private static float[] signs() {
    float[] signs = new float[INDEX_BITS * SIZE];
    for (int bit = 0; bit < INDEX_BITS; bit++) {
      for (int entry = 0; entry < SIZE; entry++) {
        signs[bit * SIZE + entry] = 1 - 2 * (entry >> bit & 1);
      }
    }
    return signs;
  }

  /** Where a kernel keeps its instances between calls. */
  static final class Pool {
    private final InstancePool<TrellisTables> instances = new InstancePool<>(ScratchPool.SLOTS);
    private final int inFeatures;
    private final int words;
    private final ScratchPool scratch;

    Pool(int inFeatures, int words, ScratchPool scratch) {
      this.inFeatures = inFeatures;
      this.words = words;
      this.scratch = scratch;
    }

    TrellisTables bind(float[] x, int xOffset, int tokens) {
      TrellisTables input = instances.poll();
      if (input == null) {
        input = new TrellisTables(this);
      }
      input.x = x;
      input.xOffset = xOffset;
      input.tokens = tokens;
      input.tables = scratch.floats(tokens * words * WORD);
      return input;
    }
  }

  /** All tables, {@code [tokens][words][4][SIZE]}. */
  float[] tables() {
    return tables;
  }

  /** Where those of a token begin. */
  int at(int token) {
    return token * pool.words * WORD;
  }

  @Override
  public int parts() {
    return tokens;
  }

  @Override
  public void run(int token) {
    FloatVector s0 = FloatVector.fromArray(Lanes.FLOAT, SIGNS, 0);
    FloatVector s1 = FloatVector.fromArray(Lanes.FLOAT, SIGNS, SIZE);
    FloatVector s2 = FloatVector.fromArray(Lanes.FLOAT, SIGNS, 2 * SIZE);
    FloatVector s3 = FloatVector.fromArray(Lanes.FLOAT, SIGNS, 3 * SIZE);
    int from = xOffset + token * pool.inFeatures;
    int to = at(token);
    int whole = pool.inFeatures / INDEX_BITS * INDEX_BITS;
    for (int i = 0; i < whole; i += INDEX_BITS) {
      FloatVector sum = s0.mul(x[from + i]);
      sum = sum.add(s1.mul(x[from + i + 1]));
      sum = sum.add(s2.mul(x[from + i + 2]));
      sum.add(s3.mul(x[from + i + 3])).intoArray(tables, to + i * (SIZE / INDEX_BITS));
    }
    // Scratch memory may hold anything, and codes beyond the columns have signs.
    for (int i = whole; i < pool.words * SIZE; i += INDEX_BITS) {
      FloatVector sum = FloatVector.zero(Lanes.FLOAT);
      for (int j = 0; j < INDEX_BITS && i + j < pool.inFeatures; j++) {
        sum = sum.add(FloatVector.fromArray(Lanes.FLOAT, SIGNS, j * SIZE).mul(x[from + i + j]));
      }
      sum.intoArray(tables, to + i * (SIZE / INDEX_BITS));
    }
  }

  @Override
  public void release() {
    x = NONE;
    pool.scratch.release(tables);
    tables = NONE;
    pool.instances.offer(this);
  }
}
