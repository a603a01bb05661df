// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Kernels that compute different rows of one output, such as rows in 8 bits and rows in 4. They run
 * as a {@link KernelGroup}: in one dispatch, with the input prepared once for those that want it
 * alike.
 */
final class RowsKernel implements LinearKernel {
  private final List<LinearKernel> parts;
  private final List<int[]> rows;
  private final int outFeatures;
  private final ScratchPool scratch;
  private final KernelGroup group;

  /**
   * Puts kernels together.
   *
   * @param rows for each kernel the rows that it computes; each row is in one of them
   */
  RowsKernel(List<LinearKernel> parts, List<int[]> rows, ScratchPool scratch) {
    this.parts = List.copyOf(parts);
    this.rows = new ArrayList<>(rows);
    this.outFeatures = rows.stream().mapToInt(some -> some.length).sum();
    this.scratch = scratch;
    for (int p = 0; p < rows.size(); p++) {
      assert parts.get(p).outFeatures() == rows.get(p).length;
    }
    this.group = new KernelGroup(List.of(this));
  }

  List<LinearKernel> parts() {
    return parts;
  }

  ScratchPool scratch() {
    return scratch;
  }

  @Override
  public int inFeatures() {
    return parts.getFirst().inFeatures();
  }

  @Override
  public int outFeatures() {
    return outFeatures;
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    group.multiplyOnly(x, xOffset, tokens, y, yOffset);
  }

  /** Puts what a part has computed where it belongs. */
  void scatter(int part, float[] computed, int tokens, float[] y, int yOffset) {
    int[] targets = rows.get(part);
    for (int t = 0; t < tokens; t++) {
      int from = t * targets.length;
      int to = yOffset + t * outFeatures;
      for (int i = 0; i < targets.length; i++) {
        y[to + targets[i]] = computed[from + i];
      }
    }
  }

  @Override
  public String describe() {
    return parts.stream()
        .map(part -> part.describe() + " on " + part.outFeatures() + " outputs")
        .collect(Collectors.joining(", "));
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
