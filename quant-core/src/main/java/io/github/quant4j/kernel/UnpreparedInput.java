// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/** The caller's own array, for kernels that read it as it is. */
public final class UnpreparedInput implements PreparedInput {
  /** Nothing is copied, so a batch may be long; it only bounds how often rows are decoded again. */
  public static final int BATCH = 1024;

  private static final float[] NONE = {};

  private final Pool pool;
  private float[] array = NONE;
  private int offset;

  private UnpreparedInput(Pool pool) {
    this.pool = pool;
  }

  private record Kind(int inFeatures) {}

  /** Where a kernel keeps its instances between calls. */
  public static final class Pool {
    private final InstancePool<UnpreparedInput> instances = new InstancePool<>(ScratchPool.SLOTS);

    /** Makes an empty pool. */
    public Pool() {}

    /**
     * Binds an instance to an input.
     *
     * @param x the input
     * @param xOffset position of its first element
     * @return the bound instance
     */
    public UnpreparedInput bind(float[] x, int xOffset) {
      UnpreparedInput input = instances.poll();
      if (input == null) {
        input = new UnpreparedInput(this);
      }
      input.array = x;
      input.offset = xOffset;
      return input;
    }
  }

  /**
   * The kind of all such inputs.
   *
   * @param inFeatures the width of the input
   * @return equal for equal widths
   */
  public static Object kind(int inFeatures) {
    return new Kind(inFeatures);
  }

  /**
   * The input.
   *
   * @return the caller's array
   */
  public float[] array() {
    return array;
  }

  /**
   * Where the input begins.
   *
   * @return position of its first element
   */
  public int offset() {
    return offset;
  }

  @Override
  public int parts() {
    return 0;
  }

  @Override
  public void run(int part) {
    throw new AssertionError("there are no parts");
  }

  @Override
  public void release() {
    array = NONE;
    pool.instances.offer(this);
  }
}
