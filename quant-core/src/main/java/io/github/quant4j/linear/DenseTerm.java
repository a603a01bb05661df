// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Locale;
import java.util.Objects;

/**
 * Weights that are not quantized: a layer that is kept as it is, or of which only the input is
 * quantized.
 *
 * @param weights the elements, {@code [out, in]}; shared, not to be changed afterwards
 * @param stored the type that they are stored as, which only sizes depend on
 */
public record DenseTerm(FloatMatrix weights, DType stored) implements WeightTerm {

  /**
   * Checks the type.
   *
   * @throws IllegalArgumentException if it is not a floating-point type
   */
  public DenseTerm {
    if (!stored.isFloatingPoint()) {
      throw new IllegalArgumentException(
          "stored: " + stored + ", expected a floating-point type for " + weights);
    }
  }

  @Override
  public int rows() {
    return weights.rows();
  }

  @Override
  public int columns() {
    return weights.columns();
  }

  @Override
  public void addRow(int row, float[] target, int offset) {
    int columns = columns();
    Objects.checkIndex(row, rows());
    Objects.checkFromIndexSize(offset, columns, target.length);
    float[] data = weights.data();
    int from = row * columns;
    for (int i = 0; i < columns; i++) {
      target[offset + i] += data[from + i];
    }
  }

  @Override
  public long storageBits() {
    return (long) rows() * columns() * stored.bits();
  }

  @Override
  public String describe() {
    return stored.label().toLowerCase(Locale.ROOT);
  }
}
