// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import java.util.Objects;

/**
 * A product of two thin matrices, {@code L R}: what LoRC (Yao et al., arXiv 2303.08302), SVDQuant
 * (Li et al., arXiv 2411.05007) and LQ-LoRA (Guo et al., arXiv 2311.12023) keep beside a quantized
 * matrix. Its input is not quantized.
 *
 * @param left {@code [out, rank]}: a dense or a quantized term
 * @param right {@code [rank, in]}: a dense or a quantized term
 */
public record LowRankTerm(WeightTerm left, WeightTerm right) implements WeightTerm {

  /**
   * Checks the shapes.
   *
   * @throws IllegalArgumentException if the inner sizes differ, or a factor is neither dense nor
   *     quantized
   */
  public LowRankTerm {
    if (left.columns() != right.rows()) {
      throw new IllegalArgumentException(
          "left and right: ["
              + left.rows()
              + ", "
              + left.columns()
              + "] and ["
              + right.rows()
              + ", "
              + right.columns()
              + "], expected one rank");
    }
    for (WeightTerm factor : new WeightTerm[] {left, right}) {
      if (!(factor instanceof DenseTerm || factor instanceof QuantizedTerm)) {
        throw new IllegalArgumentException(
            "factor: " + factor.describe() + ", expected a dense or a quantized term");
      }
    }
  }

  /**
   * The inner size.
   *
   * @return columns of the left factor
   */
  public int rank() {
    return left.columns();
  }

  @Override
  public int rows() {
    return left.rows();
  }

  @Override
  public int columns() {
    return right.columns();
  }

  /** Costs {@code rank columns()} multiply-adds besides. */
  @Override
  public void addRow(int row, float[] target, int offset) {
    int columns = columns();
    Objects.checkFromIndexSize(offset, columns, target.length);
    float[] weights = new float[rank()];
    left.addRow(row, weights, 0);
    float[] line = new float[columns];
    double[] sum = new double[columns];
    for (int k = 0; k < weights.length; k++) {
      java.util.Arrays.fill(line, 0f);
      right.addRow(k, line, 0);
      for (int i = 0; i < columns; i++) {
        sum[i] += (double) weights[k] * line[i];
      }
    }
    for (int i = 0; i < columns; i++) {
      target[offset + i] += (float) sum[i];
    }
  }

  @Override
  public long storageBits() {
    return left.storageBits() + right.storageBits();
  }

  @Override
  public String describe() {
    return "lowrank(" + rank() + ", " + left.describe() + ")";
  }
}
