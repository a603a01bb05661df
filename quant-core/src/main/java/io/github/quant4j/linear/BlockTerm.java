// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.matrix.BlockMatrix;

/**
 * A matrix in blocks of ggml as a term.
 *
 * @param matrix the blocks, {@code [out, in]}
 */
public record BlockTerm(BlockMatrix matrix) implements WeightTerm {

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
    return matrix.format().name();
  }
}
