// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import org.jspecify.annotations.Nullable;

/**
 * The error of a tile as a sum over its elements, {@code sum h_j |e_ij|^exponent}.
 *
 * @param exponent the exponent
 * @param columnWeights the weight of each column of the matrix, or null if all weigh the same
 */
record TileError(double exponent, float @Nullable [] columnWeights) {
  static final TileError SQUARED = new TileError(2, null);

  float weight(int column) {
    return columnWeights == null ? 1f : columnWeights[column];
  }
}
