// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import java.util.Objects;

/** Terms whose rows are decoded as a whole. */
final class DecodedRows {
  private DecodedRows() {}

  /** Writes a row to the beginning of an array. */
  @FunctionalInterface
  interface Decoder {
    void decode(int row, float[] target);
  }

  /** {@link WeightTerm#addRow} by means of a decoder. */
  static void add(WeightTerm term, int row, float[] target, int offset, Decoder decoder) {
    int columns = term.columns();
    Objects.checkIndex(row, term.rows());
    Objects.checkFromIndexSize(offset, columns, target.length);
    float[] decoded = new float[columns];
    decoder.decode(row, decoded);
    for (int i = 0; i < columns; i++) {
      target[offset + i] += decoded[i];
    }
  }
}
