// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.kernel.KernelGroup;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import java.util.Arrays;
import java.util.List;

/**
 * The kernels of a site group, run together on their common input. This is the one place where
 * kernels that read the same input are dispatched.
 */
public final class SiteKernels {
  private final KernelGroup group;
  private final int[] before;

  SiteKernels(List<LinearKernel> kernels) {
    this.group = Kernels.fuse(kernels);
    this.before = new int[kernels.size() + 1];
    for (int i = 0; i < kernels.size(); i++) {
      before[i + 1] = before[i] + kernels.get(i).outFeatures();
    }
  }

  /** Outputs of all kernels for one token. */
  public int width() {
    return before[before.length - 1];
  }

  /** Where the outputs of a kernel begin: they follow each other, each {@code [tokens, out]}. */
  public int offset(int kernel, int tokens) {
    return before[kernel] * tokens;
  }

  public void multiply(float[] x, int tokens, float[] y) {
    if (before.length == 2) {
      group.kernels().getFirst().multiply(x, 0, tokens, y, 0);
      return;
    }
    float[][] outputs = new float[before.length - 1][];
    int[] offsets = new int[outputs.length];
    Arrays.fill(outputs, y);
    for (int i = 0; i < outputs.length; i++) {
      offsets[i] = offset(i, tokens);
    }
    group.multiply(x, 0, tokens, outputs, offsets);
  }

  public List<LinearKernel> kernels() {
    return group.kernels();
  }
}
