// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.matrix.QuantizedMatrix;
import java.util.Objects;

/**
 * A quantized matrix as a term.
 *
 * @param matrix the codes with their grid, {@code [out, in]}
 */
public record QuantizedTerm(QuantizedMatrix matrix) implements WeightTerm {

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
    int columns = columns();
    Objects.checkIndex(row, rows());
    Objects.checkFromIndexSize(offset, columns, target.length);
    float[] decoded = new float[columns];
    matrix.dequantizeRow(row, decoded, 0);
    for (int i = 0; i < columns; i++) {
      target[offset + i] += decoded[i];
    }
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
