// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Adds what several kernels compute from the same input, in their order, and then a bias.
 *
 * <p>The terms run as a {@link KernelGroup}, in which sparse and low-rank terms beside a main
 * product share its dispatch; a group of such sums has one dispatch for all their terms.
 */
final class SumKernel implements LinearKernel {
  private static final float[] NO_BIAS = {};

  private final List<LinearKernel> terms;
  private final float[] bias;
  private final ScratchPool scratch;
  private final KernelGroup group;

  private SumKernel(List<LinearKernel> terms, float[] bias, ScratchPool scratch) {
    this.terms = List.copyOf(terms);
    this.bias = bias;
    this.scratch = scratch;
    this.group = new KernelGroup(List.of(this));
  }

  /** The sum of some terms, at least one. */
  static LinearKernel of(List<LinearKernel> terms, ScratchPool scratch) {
    return terms.size() == 1 ? terms.getFirst() : new SumKernel(terms, NO_BIAS, scratch);
  }

  /** A kernel and a bias, one value for each output. */
  static LinearKernel withBias(LinearKernel kernel, float[] bias, ScratchPool scratch) {
    assert bias.length == kernel.outFeatures();
    return kernel instanceof SumKernel sum && sum.bias.length == 0
        ? new SumKernel(sum.terms, bias, sum.scratch)
        : new SumKernel(List.of(kernel), bias, scratch);
  }

  List<LinearKernel> terms() {
    return terms;
  }

  ScratchPool scratch() {
    return scratch;
  }

  @Override
  public int inFeatures() {
    return terms.getFirst().inFeatures();
  }

  @Override
  public int outFeatures() {
    return terms.getFirst().outFeatures();
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    group.multiplyOnly(x, xOffset, tokens, y, yOffset);
  }

  /** Adds a term. */
  void add(float[] addend, int size, float[] y, int yOffset) {
    for (int i = 0; i < size; i++) {
      y[yOffset + i] += addend[i];
    }
  }

  /** Adds the bias, if there is one, to each token. */
  void addBias(int tokens, float[] y, int yOffset) {
    if (bias.length == 0) {
      return;
    }
    for (int t = 0; t < tokens; t++) {
      int at = yOffset + t * bias.length;
      for (int i = 0; i < bias.length; i++) {
        y[at + i] += bias[i];
      }
    }
  }

  @Override
  public String describe() {
    String sum = terms.stream().map(LinearKernel::describe).collect(Collectors.joining(" + "));
    return bias.length == 0 ? sum : sum + " + bias";
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
