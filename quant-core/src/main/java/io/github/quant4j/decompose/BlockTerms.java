// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.quantize.Quantizer;

/** Where matrices on grids of blocks have no place. */
final class BlockTerms {
  private BlockTerms() {}

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
