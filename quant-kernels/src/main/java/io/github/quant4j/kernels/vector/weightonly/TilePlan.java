// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;

/**
 * How codes are packed, and what multiplies them then. It depends on the form and the vectors
 * alone.
 *
 * @param family the name of the family
 * @param bits width of a packed code
 * @param recode what each code becomes
 * @param zeroUnit what zero points are divided by
 * @param assembly makes the kernel
 */
record TilePlan(String family, int bits, byte[] recode, float zeroUnit, Assembly assembly) {

  /** Makes a kernel of packed weights. */
  @FunctionalInterface
  interface Assembly {
    LinearKernel kernel(PackedTiles weights, KernelOptions options);
  }

  /** The kernel of packed weights. */
  LinearKernel kernel(PackedTiles weights, KernelOptions options) {
    return assembly.kernel(weights, options);
  }
}
