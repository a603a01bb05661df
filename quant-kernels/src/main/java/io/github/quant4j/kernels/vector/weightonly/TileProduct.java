// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * One tile of rows times one token: the innermost loop for a family of formats.
 *
 * <p>Written out by hand and, in the innermost loop, with calls of the Vector API alone: the
 * compiler stops inlining other methods when a method has become large, and a vector that goes to a
 * method that is not inlined goes through the heap.
 *
 * <p>For each row {@code sum_g scale_g (start_g + sum_k code_k x_k - zero_g sum_k x_k)}, all in
 * units of the codes. A group is summed in ascending order; groups are added in ascending order.
 */
abstract class TileProduct {
  /** The words. */
  final WordTiles tiles;

  /** Words of a group; the last group may have fewer. */
  final int groupWords;

  /** Whether there are zero points. */
  final boolean hasZeros;

  private final ParameterTable scales;

  /** The scales where there are no zero points. */
  private final ParameterTable zeros;

  TileProduct(
      WordTiles tiles, int groupWords, ParameterTable scales, @Nullable ParameterTable zeros) {
    this.tiles = tiles;
    this.groupWords = groupWords;
    this.scales = scales;
    this.zeros = zeros == null ? scales : zeros;
    this.hasZeros = zeros != null;
  }

  /**
   * Multiplies a tile.
   *
   * @param tile which tile
   * @param x the token, arranged as this product wants it
   * @param sums receives {@link WordTiles#ROWS} sums
   */
  abstract void multiply(int tile, TokenVector x, float[] sums);

  /** The scales of a vector of rows for a group. */
  final FloatVector scale(int tile, int group, int vector) {
    return scales.load(tile, group, vector);
  }

  /** What a group's sum starts from, less the zero points times the sum of the inputs. */
  final FloatVector shifted(FloatVector start, float negatedSum, int tile, int group, int vector) {
    return zeros
        .load(tile, group, vector)
        .fma(FloatVector.broadcast(Lanes.FLOAT, negatedSum), start);
  }
}
