// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.matrix.VectorMatrix;

/**
 * A matrix of vector-quantized weights as a term.
 *
 * @param matrix codes, books and scales, {@code [out, in]}
 */
public record VectorTerm(VectorMatrix matrix) implements WeightTerm {

  @Override
  public int rows() {
    return matrix.rows();
  }

  @Override
  public int columns() {
    return matrix.columns();
  }

  @Override
  public void addRow(int row, float[] target, int offset) {
    DecodedRows.add(
        this,
        row,
        target,
        offset,
        (from, decoded) ->
            matrix.decode(from, 1, 0, columns(), decoded, 0, columns(), 1, new int[2 * columns()]));
  }

  @Override
  public long storageBits() {
    return matrix.storageBits();
  }

  @Override
  public String describe() {
    return matrix.describe();
  }
}
