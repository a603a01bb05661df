// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/**
 * The base of kernels that prepare their input once and then compute independent parts of their
 * output: what {@link Kernels#fuse} needs in order to run several matrices in one dispatch.
 *
 * <p>A subclass says how an input is prepared and how the output is cut into parts. Parts must
 * depend on shapes alone, never on the number of threads, and write disjoint elements; so results
 * do not depend on who computes what. This class cuts long inputs into batches, passes the
 * arguments to the threads without allocating, and gives back what was borrowed.
 */
public abstract class PartitionedKernel implements LinearKernel {
  private final int inFeatures;
  private final int outFeatures;
  private final KernelOptions options;
  private final InstancePool<Dispatch> calls = new InstancePool<>(ScratchPool.SLOTS);

  /**
   * Sets the shape.
   *
   * @param inFeatures width of the input
   * @param outFeatures width of the output
   * @param options threads and scratch memory
   */
  protected PartitionedKernel(int inFeatures, int outFeatures, KernelOptions options) {
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.options = options;
  }

  @Override
  public final int inFeatures() {
    return inFeatures;
  }

  @Override
  public final int outFeatures() {
    return outFeatures;
  }

  /**
   * Threads and scratch memory.
   *
   * @return the options that the kernel was built with
   */
  protected final KernelOptions options() {
    return options;
  }

  /**
   * What {@link #bind} makes of an input. Kernels of equal kinds can read each other's prepared
   * inputs, and have the same {@link #inFeatures()} and {@link #batchSize()}.
   *
   * @return a value with {@code equals}, such as a record of the layout
   */
  protected abstract Object inputKind();

  /**
   * The most tokens that are prepared at once; it bounds the scratch memory.
   *
   * @return at least 1
   */
  protected abstract int batchSize();

  /**
   * Takes an input, without reading it yet.
   *
   * @param x the input, row-major {@code [tokens, inFeatures()]}
   * @param xOffset position of its first element
   * @param tokens from 1 to {@link #batchSize()}
   * @return the input, to be filled by its parts
   */
  protected abstract PreparedInput bind(float[] x, int xOffset, int tokens);

  /**
   * How many parts the output has. Small products should have one, because waking a thread costs
   * some microseconds.
   *
   * @param tokens from 1 to {@link #batchSize()}
   * @return at least 1
   */
  protected abstract int partCount(int tokens);

  /**
   * Computes one part.
   *
   * @param input a filled input of this kernel's kind
   * @param tokens its tokens
   * @param part from 0 to the number of parts less one
   * @param y receives the output, row-major {@code [tokens, outFeatures()]}
   * @param yOffset position of its first element
   */
  protected abstract void multiplyPart(
      PreparedInput input, int tokens, int part, float[] y, int yOffset);

  @Override
  public final void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    Dispatch call = calls.poll();
    if (call == null) {
      call = new Dispatch(this);
    }
    try {
      call.setOutput(0, y, yOffset);
      call.multiply(x, xOffset, tokens);
    } finally {
      call.clear();
      calls.offer(call);
    }
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
