// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * One tile of rows times one token: the innermost loop for a family of formats.
 *
 * <p>For each row {@code sum_g scale_g (start_g + sum_k code_k x_k - zero_g sum_k x_k)}, all in
 * units of the codes. A group is summed in ascending order; groups are added in ascending order.
 */
abstract class TileProduct {
  /** The words. */
  final WordTiles tiles;

  /** Words of a group; the last group may have fewer. */
  final int groupWords;

  private final ParameterTable scales;
  private final @Nullable ParameterTable zeros;

  TileProduct(
      WordTiles tiles, int groupWords, ParameterTable scales, @Nullable ParameterTable zeros) {
    this.tiles = tiles;
    this.groupWords = groupWords;
    this.scales = scales;
    this.zeros = zeros;
  }

  /**
   * Multiplies a tile.
   *
   * @param tile which tile
   * @param x the token, arranged as this product wants it
   * @param sums receives {@link WordTiles#ROWS} sums
   */
  abstract void multiply(int tile, TokenVector x, float[] sums);

  /** Adds a group's sum, without its zero point and with its scale, to the total of a vector. */
  final FloatVector addGroup(
      FloatVector total, FloatVector sum, float negatedSum, int tile, int group, int vector) {
    FloatVector centred = sum;
    ParameterTable zeroPoints = zeros;
    if (zeroPoints != null) {
      centred =
          Lanes.multiplyAdd(
              zeroPoints.load(tile, group, vector),
              FloatVector.broadcast(Lanes.FLOAT, negatedSum),
              sum);
    }
    return Lanes.multiplyAdd(centred, scales.load(tile, group, vector), total);
  }
}
