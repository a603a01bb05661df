// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.matrix.BlockGrid;
import io.github.quant4j.matrix.QuantizedMatrix;

/**
 * One addend of a linear layer's weight matrix {@code [out, in]}.
 *
 * <p>Published systems differ in their terms and in how these are fitted: a quantized matrix alone,
 * with sparse outliers, or with a low-rank correction. Terms are immutable and thread-safe.
 */
public sealed interface WeightTerm
    permits QuantizedTerm,
        DenseTerm,
        SparseTerm,
        LowRankTerm,
        ColumnTerm,
        PairTerm,
        MixedTerm,
        TrellisTerm,
        VectorTerm,
        BlockTerm {

  /**
   * A quantized matrix as a term.
   *
   * @param matrix codes on a grid
   * @return blocks if the grid is one of blocks of ggml, otherwise the matrix as it is
   * @throws IllegalArgumentException if blocks exceed an array
   */
  static WeightTerm of(QuantizedMatrix matrix) {
    return matrix.scheme().blocks().isPresent()
        ? new BlockTerm(BlockGrid.pack(matrix))
        : new QuantizedTerm(matrix);
  }

  /**
   * The output features.
   *
   * @return rows of the matrix
   */
  int rows();

  /**
   * The input features.
   *
   * @return columns of the matrix
   */
  int columns();

  /**
   * Adds one row of the term to a dense row.
   *
   * <p>Cost: at most {@code columns()} additions and the decoding of a row.
   *
   * @param row from 0
   * @param target what is added to
   * @param offset position of the row's first element
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  void addRow(int row, float[] target, int offset);

  /**
   * The size of everything that is stored.
   *
   * @return bits, with scales, zero points and indices
   */
  long storageBits();

  /**
   * What the term is.
   *
   * @return a few words for reports, for example {@code int4:g64:sym}
   */
  String describe();
}
