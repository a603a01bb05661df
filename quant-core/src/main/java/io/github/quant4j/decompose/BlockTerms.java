// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.BlockGrid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;

/** Matrices on grids of blocks become blocks, others stay as they are. */
final class BlockTerms {
  private BlockTerms() {}

  static WeightTerm of(QuantizedMatrix matrix) {
    return matrix.scheme().blocks().isPresent()
        ? new BlockTerm(BlockGrid.pack(matrix))
        : new QuantizedTerm(matrix);
  }

  /**
   * For specs that work with the codes of their matrices, or give them a part of the columns.
   *
   * @throws IllegalArgumentException if the quantizer makes blocks
   */
  static void refuse(Quantizer quantizer, String where) {
    if (quantizer.scheme().blocks().isPresent()) {
      throw new IllegalArgumentException(
          where
              + ": '"
              + quantizer
              + "' makes blocks, which are only possible as one matrix of all weights; take a scheme"
              + " with groups, such as int4:g32:asym");
    }
  }
}
