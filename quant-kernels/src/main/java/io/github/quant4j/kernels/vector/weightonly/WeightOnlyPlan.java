// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.util.Optional;

/**
 * How matrices of some form are packed, and what multiplies them then. It depends on the form and
 * the vectors alone, so that packed weights need say no more.
 *
 * @param family the name of the family
 * @param form what the matrix is like
 * @param bits width of a packed code
 * @param recode what each code becomes
 * @param zeroUnit what zero points are divided by
 * @param assembly makes the kernel
 */
record WeightOnlyPlan(
    String family, WeightForm form, int bits, byte[] recode, float zeroUnit, Assembly assembly) {

  /** Makes a kernel of packed weights. */
  @FunctionalInterface
  interface Assembly {
    LinearKernel kernel(PackedTiles weights, KernelOptions options);
  }

  /** The plan for a matrix; empty if it is to be decoded row by row. */
  static Optional<WeightOnlyPlan> of(QuantizedMatrix weights) {
    return WeightForm.of(weights)
        .flatMap(WeightOnlyFamilies::plan)
        .filter(plan -> plan.allowsSpecialCodes() || !plan.hasSpecialCodes(weights));
  }

  /** Look-ups give what a table says; fields and steps are of numbers only. */
  private boolean allowsSpecialCodes() {
    return bits < Byte.SIZE;
  }

  private boolean hasSpecialCodes(QuantizedMatrix weights) {
    float[] values = form.format().decodeTable();
    boolean[] special = new boolean[1 << Byte.SIZE];
    boolean any = false;
    for (int code = 0; code < values.length; code++) {
      special[code] = !Float.isFinite(values[code]);
      any |= special[code];
    }
    if (!any) {
      return false;
    }
    byte[] row = new byte[weights.columns()];
    for (int r = 0; r < weights.rows(); r++) {
      weights.codes().unpackRow(r, row, 0);
      for (byte code : row) {
        if (special[code & 0xff]) {
          return true;
        }
      }
    }
    return false;
  }

  /** Packs a matrix. */
  PackedTiles pack(QuantizedMatrix weights, KernelOptions options) {
    return new PackedTiles(
        WordTiles.pack(weights.codes(), bits, recode, options.team()),
        form.scales(weights),
        form.hasZeros() ? form.zeros(weights, zeroUnit) : null);
  }

  /** The kernel of packed weights. */
  LinearKernel kernel(PackedTiles weights, KernelOptions options) {
    return assembly.kernel(weights, options);
  }
}
