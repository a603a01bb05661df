// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several linear layers that read the same input, such as query, key and value, or gate and up.
 *
 * <p>The input is prepared once for all kernels that want it alike, and the parts of all outputs
 * are split over the threads together; of layers with a bias or several terms, all terms and the
 * first factors of low-rank ones. Results are those of the single kernels, bit for bit. Immutable
 * and thread-safe; calls allocate nothing once warm.
 */
public final class KernelGroup {
  private static final float[] NONE = {};

  private final List<LinearKernel> kernels;
  private final List<Assembly> assemblies = new ArrayList<>();
  private final List<LinearKernel> leaves = new ArrayList<>();
  private final int[] fused;
  private final int[] single;
  private final PartitionedKernel[] partitioned;
  private final InstancePool<Call> calls = new InstancePool<>(ScratchPool.SLOTS);

  KernelGroup(List<LinearKernel> kernels) {
    if (kernels.isEmpty()) {
      throw new IllegalArgumentException("kernels: none, expected at least one");
    }
    int width = kernels.getFirst().inFeatures();
    for (int i = 1; i < kernels.size(); i++) {
      LinearKernel kernel = kernels.get(i);
      if (kernel.inFeatures() != width) {
        throw new IllegalArgumentException(
            "kernels: number "
                + i
                + " is ["
                + kernel.outFeatures()
                + ", "
                + kernel.inFeatures()
                + "], expected "
                + width
                + " inputs as in ["
                + kernels.getFirst().outFeatures()
                + ", "
                + width
                + "]");
      }
    }
    this.kernels = List.copyOf(kernels);
    kernels.forEach(kernel -> assemblies.add(Assembly.of(kernel, leaves)));
    List<Integer> together = new ArrayList<>();
    List<Integer> alone = new ArrayList<>();
    WorkerTeam team = null;
    for (int i = 0; i < leaves.size(); i++) {
      if (leaves.get(i) instanceof PartitionedKernel kernel
          && (team == null || team == kernel.options().team())) {
        team = kernel.options().team();
        together.add(i);
      } else {
        alone.add(i);
      }
    }
    this.fused = together.stream().mapToInt(Integer::intValue).toArray();
    this.single = alone.stream().mapToInt(Integer::intValue).toArray();
    this.partitioned = new PartitionedKernel[fused.length];
    for (int i = 0; i < fused.length; i++) {
      partitioned[i] = (PartitionedKernel) leaves.get(fused[i]);
    }
  }

  /** What a call needs, reused. */
  private static final class Call {
    final Assembly.Outputs outputs;
    final @Nullable Dispatch dispatch;

    Call(int leaves, PartitionedKernel[] partitioned) {
      this.outputs = new Assembly.Outputs(leaves);
      this.dispatch = partitioned.length > 0 ? new Dispatch(partitioned) : null;
      clear();
    }

    /** Lets go of the caller's arrays. */
    void clear() {
      Arrays.fill(outputs.arrays, NONE);
      if (dispatch != null) {
        dispatch.clear();
      }
    }
  }

  /**
   * The width of the input.
   *
   * @return {@code in} of all kernels
   */
  public int inFeatures() {
    return kernels.getFirst().inFeatures();
  }

  /**
   * The kernels.
   *
   * @return in the order in which they were given
   */
  public List<LinearKernel> kernels() {
    return kernels;
  }

  /**
   * Multiplies several tokens by all matrices.
   *
   * @param x the input, row-major {@code [tokens, inFeatures()]}
   * @param xOffset position of its first element
   * @param tokens how many tokens; 0 does nothing
   * @param y for each kernel what receives its output, row-major {@code [tokens, outFeatures]}; the
   *     outputs must not overlap each other or {@code x}
   * @param yOffsets for each kernel the position of its first element
   * @throws IllegalArgumentException if an array is too short; the message names it
   */
  public void multiply(float[] x, int xOffset, int tokens, float[][] y, int[] yOffsets) {
    KernelArrays.require("x", x, xOffset, tokens, inFeatures());
    if (y.length < kernels.size() || yOffsets.length < kernels.size()) {
      throw new IllegalArgumentException(
          "y and yOffsets: "
              + y.length
              + " outputs and "
              + yOffsets.length
              + " positions, expected one of both for each of "
              + kernels.size()
              + " kernels");
    }
    for (int i = 0; i < kernels.size(); i++) {
      KernelArrays.require("y", i, y[i], yOffsets[i], tokens, kernels.get(i).outFeatures());
    }
    Call call = call();
    try {
      for (int i = 0; i < kernels.size(); i++) {
        assemblies.get(i).place(call.outputs, tokens, y[i], yOffsets[i]);
      }
      run(call, x, xOffset, tokens);
      for (int i = 0; i < kernels.size(); i++) {
        assemblies.get(i).finish(call.outputs, tokens, y[i], yOffsets[i]);
      }
    } finally {
      call.clear();
      calls.offer(call);
    }
  }

  /** As {@link #multiply}, for a group of one kernel. */
  void multiplyOnly(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    KernelArrays.require(kernels.getFirst(), x, xOffset, tokens, y, yOffset);
    Assembly assembly = assemblies.getFirst();
    Call call = call();
    try {
      assembly.place(call.outputs, tokens, y, yOffset);
      run(call, x, xOffset, tokens);
      assembly.finish(call.outputs, tokens, y, yOffset);
    } finally {
      call.clear();
      calls.offer(call);
    }
  }

  private Call call() {
    Call call = calls.poll();
    return call == null ? new Call(leaves.size(), partitioned) : call;
  }

  private void run(Call call, float[] x, int xOffset, int tokens) {
    Assembly.Outputs outputs = call.outputs;
    for (int index : single) {
      leaves.get(index).multiply(x, xOffset, tokens, outputs.arrays[index], outputs.offsets[index]);
    }
    Dispatch dispatch = call.dispatch;
    if (dispatch != null) {
      for (int i = 0; i < fused.length; i++) {
        dispatch.setOutput(i, outputs.arrays[fused[i]], outputs.offsets[fused[i]]);
      }
      dispatch.multiply(x, xOffset, tokens);
    }
  }

  /**
   * What runs together.
   *
   * @return a line for the group and one for each kernel
   */
  public String describe() {
    StringBuilder text = new StringBuilder();
    if (fused.length > 0) {
      text.append(fused.length)
          .append(" kernels in one dispatch, inputs prepared ")
          .append(new Dispatch(partitioned).inputKinds())
          .append(" times");
    }
    if (single.length > 0) {
      text.append(fused.length > 0 ? ", " : "").append(single.length).append(" one by one");
    }
    for (LinearKernel kernel : kernels) {
      text.append("\n  ").append(kernel.describe());
    }
    return text.toString();
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
