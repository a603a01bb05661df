// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;
import java.util.List;
import java.util.stream.Collectors;

/** Adds what several kernels compute from the same input, in their order. */
final class SumKernel implements LinearKernel {
  private final List<LinearKernel> terms;
  private final ScratchPool scratch;

  SumKernel(List<LinearKernel> terms, ScratchPool scratch) {
    this.scratch = scratch;
    assert terms.size() > 1;
    this.terms = List.copyOf(terms);
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
    int size = Math.multiplyExact(tokens, outFeatures());
    terms.getFirst().multiply(x, xOffset, tokens, y, yOffset);
    float[] addend = scratch.floats(size);
    try {
      for (LinearKernel term : terms.subList(1, terms.size())) {
        term.multiply(x, xOffset, tokens, addend, 0);
        for (int i = 0; i < size; i++) {
          y[yOffset + i] += addend[i];
        }
      }
    } finally {
      scratch.release(addend);
    }
  }

  @Override
  public String describe() {
    return terms.stream().map(LinearKernel::describe).collect(Collectors.joining(" + "));
  }
}
