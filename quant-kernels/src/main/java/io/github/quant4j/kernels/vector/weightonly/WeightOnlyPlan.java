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
 * @param form what the matrix is like
 * @param tiles the plan for its codes
 */
record WeightOnlyPlan(WeightForm form, TilePlan tiles) {

  /** The plan for a form; empty if no family does it. */
  static Optional<WeightOnlyPlan> of(WeightForm form) {
    return WeightOnlyFamilies.plan(TileForm.of(form)).map(plan -> new WeightOnlyPlan(form, plan));
  }

  /** The plan for a matrix; empty if it is to be decoded row by row. */
  static Optional<WeightOnlyPlan> of(QuantizedMatrix weights) {
    return WeightForm.of(weights)
        .flatMap(WeightOnlyPlan::of)
        .filter(plan -> plan.allowsSpecialCodes() || !plan.hasSpecialCodes(weights));
  }

  /** The name of the family. */
  String family() {
    return tiles.family();
  }

  /** The width of a packed code. */
  int bits() {
    return tiles.bits();
  }

  /** Look-ups give what a table says; fields and steps are of numbers only. */
  private boolean allowsSpecialCodes() {
    return bits() < Byte.SIZE;
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
    return PackedTiles.of(
        WordTiles.pack(
            weights.rows(),
            weights.columns(),
            bits(),
            tiles.recode(),
            (row, target) -> weights.codes().unpackRow(row, target, 0),
            options.team()),
        form.scales(weights),
        form.hasZeros() ? form.zeros(weights, tiles.zeroUnit()) : null);
  }

  /** The kernel of packed weights. */
  LinearKernel kernel(PackedTiles weights, KernelOptions options) {
    return tiles.kernel(weights, options);
  }
}
