// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.matrix.QuantizedMatrix;

/**
 * A quantized matrix as a term.
 *
 * @param matrix the codes with their grid, {@code [out, in]}
 */
public record QuantizedTerm(QuantizedMatrix matrix) implements WeightTerm {

  /**
   * Checks the scheme.
   *
   * @throws IllegalArgumentException if the matrix has the grid of blocks, which are a {@link
   *     BlockTerm}; see {@link WeightTerm#of}
   */
  public QuantizedTerm {
    if (matrix.scheme().blocks().isPresent()) {
      throw new IllegalArgumentException(
          "matrix: "
              + matrix
              + ", expected codes with scales by themselves; blocks are a term of another kind,"
              + " see WeightTerm.of");
    }
  }

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
        this, row, target, offset, (from, decoded) -> matrix.dequantizeRow(from, decoded, 0));
  }

  @Override
  public long storageBits() {
    return matrix.storageBits();
  }

  @Override
  public String describe() {
    return matrix.scheme().toString();
  }
}
