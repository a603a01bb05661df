// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.matrix.SparseMatrix;
import java.util.Locale;

/**
 * Outliers beside a quantized matrix, as in SpQR (Dettmers et al., arXiv 2306.03078) and SqueezeLLM
 * (Kim et al., arXiv 2306.07629). Its input is not quantized.
 *
 * @param matrix the elements, {@code [out, in]}
 */
public record SparseTerm(SparseMatrix matrix) implements WeightTerm {
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
    matrix.addRow(row, target, offset);
  }

  @Override
  public long storageBits() {
    return matrix.storageBits();
  }

  @Override
  public String describe() {
    double share = 100.0 * matrix.count() / ((double) rows() * columns());
    return String.format(Locale.ROOT, "sparse(%.3g%%)", share);
  }
}
