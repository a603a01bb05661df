// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Adds what several kernels compute from the same input, in their order. The kernels run as a
 * {@link KernelGroup}, so that sparse and low-rank terms beside a main product share its dispatch.
 */
final class SumKernel implements LinearKernel {
  private static final float[] NONE = {};

  private final KernelGroup terms;
  private final ScratchPool scratch;
  private final InstancePool<Outputs> calls = new InstancePool<>(ScratchPool.SLOTS);

  SumKernel(List<LinearKernel> terms, ScratchPool scratch) {
    assert terms.size() > 1;
    this.scratch = scratch;
    this.terms = new KernelGroup(terms);
  }

  /** Where the terms of one call write. */
  private static final class Outputs {
    final float[][] arrays;
    final int[] offsets;

    Outputs(int count) {
      this.arrays = new float[count][];
      this.offsets = new int[count];
      Arrays.fill(arrays, NONE);
    }
  }

  @Override
  public int inFeatures() {
    return terms.inFeatures();
  }

  @Override
  public int outFeatures() {
    return terms.kernels().getFirst().outFeatures();
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    int size = Math.multiplyExact(tokens, outFeatures());
    int count = terms.kernels().size();
    Outputs call = calls.poll();
    if (call == null) {
      call = new Outputs(count);
    }
    call.arrays[0] = y;
    call.offsets[0] = yOffset;
    for (int i = 1; i < count; i++) {
      call.arrays[i] = scratch.floats(size);
    }
    try {
      terms.multiply(x, xOffset, tokens, call.arrays, call.offsets);
      for (int i = 1; i < count; i++) {
        add(call.arrays[i], size, y, yOffset);
      }
    } finally {
      for (int i = 1; i < count; i++) {
        scratch.release(call.arrays[i]);
      }
      Arrays.fill(call.arrays, NONE);
      calls.offer(call);
    }
  }

  private static void add(float[] addend, int size, float[] y, int yOffset) {
    for (int i = 0; i < size; i++) {
      y[yOffset + i] += addend[i];
    }
  }

  @Override
  public String describe() {
    return terms.kernels().stream().map(LinearKernel::describe).collect(Collectors.joining(" + "));
  }
}
