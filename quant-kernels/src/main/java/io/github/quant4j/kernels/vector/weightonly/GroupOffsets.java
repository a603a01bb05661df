// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;

/**
 * What the offsets of groups add to the product with a token: for each row {@code sum_g offset_g
 * sum_k x_k}, groups in ascending order.
 */
final class GroupOffsets {
  private static final int ROWS = WordTiles.ROWS;

  private final GroupTable offsets;

  GroupOffsets(GroupTable offsets) {
    this.offsets = offsets;
  }

  /**
   * Adds the share of a tile.
   *
   * @param tile which tile
   * @param token the token
   * @param isPlain whether to read the offsets in plain loops; the result is the same
   * @param count rows of the tile
   * @param y what is added to
   * @param at position of the first row
   * @param scratch for intermediate results
   */
  void add(
      int tile,
      TokenVector token,
      boolean isPlain,
      int count,
      float[] y,
      int at,
      ScratchPool scratch) {
    float[] sums = scratch.floats(ROWS);
    float[] decoded = scratch.floats(TileProduct.CHUNK * ROWS);
    int[] stored = scratch.ints(ROWS);
    Arrays.fill(sums, 0, ROWS, 0f);
    if (isPlain) {
      offsets.addProductsPlain(tile, token.negatedSums(), stored, decoded, sums);
    } else {
      offsets.addProducts(tile, token.negatedSums(), decoded, sums);
    }
    for (int i = 0; i < count; i++) {
      y[at + i] -= sums[i];
    }
    scratch.release(stored);
    scratch.release(decoded);
    scratch.release(sums);
  }
}
