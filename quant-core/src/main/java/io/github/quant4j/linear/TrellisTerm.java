// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.matrix.TrellisMatrix;

/**
 * A matrix of trellis-coded weights as a term.
 *
 * @param matrix codes and scales, {@code [out, in]}
 */
public record TrellisTerm(TrellisMatrix matrix) implements WeightTerm {

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
        this, row, target, offset, (from, decoded) -> matrix.decodeRow(from, decoded, 0));
  }

  @Override
  public long storageBits() {
    return matrix.storageBits();
  }

  @Override
  public String describe() {
    return matrix.code().toString();
  }
}
