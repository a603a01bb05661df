// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One tile of rows times one token: the innermost loop for a family of formats.
 *
 * <p>Written out by hand and, in the innermost loop, with calls of the Vector API alone: the
 * compiler stops inlining other methods when a method has become large, and a vector that goes to a
 * method that is not inlined goes through the heap. So parameters come through memory.
 *
 * <p>For each row {@code sum_g scale_g (start_g + sum_k code_k x_k - zero_g sum_k x_k)}, all in
 * units of the codes. A group is summed in ascending order, some families sum every other run of
 * codes by itself; groups are added in ascending order.
 */
abstract class TileProduct {
  /** Groups whose parameters are decoded at once, so that they stay in the first-level cache. */
  static final int CHUNK = 8;

  /** Where scales lie in the scratch memory: one for each row, group by group. */
  static final int PARAMETERS = WordTiles.ROWS;

  /** Where sums that start with a zero point's share lie, after the scales. */
  static final int STARTS = CHUNK * WordTiles.ROWS;

  /** Length of the scratch memory; the sums are its first elements. */
  static final int SCRATCH = PARAMETERS + 2 * STARTS;

  /** The words. */
  final WordTiles tiles;

  /** Words of a group; the last group may have fewer. */
  final int groupWords;

  /** Whether there are zero points. */
  final boolean hasZeros;

  private final GroupTable scales;
  private final @Nullable GroupTable zeros;

  TileProduct(WordTiles tiles, int groupWords, GroupTable scales, @Nullable GroupTable zeros) {
    this.tiles = tiles;
    this.groupWords = groupWords;
    this.scales = scales;
    this.zeros = zeros;
    this.hasZeros = zeros != null;
  }

  /**
   * Multiplies a tile.
   *
   * @param tile which tile
   * @param x the token, arranged as this product wants it
   * @param scratch of {@link #SCRATCH} elements; receives {@link WordTiles#ROWS} sums
   */
  abstract void multiply(int tile, TokenVector x, float[] scratch);

  /** Whether this is quicker than decoding to memory, which depends on the vectors' width. */
  boolean isFast() {
    return true;
  }

  /** The same in plain loops, to the last bit; empty if there are none. */
  Optional<PlainTiles> plain() {
    return Optional.empty();
  }

  /** Plain loops for words of eight codes, see {@link PlainTiles}. */
  final Optional<PlainTiles> plain(int pairedStep) {
    return Optional.of(
        new PlainTiles(tiles, groupWords, scales, zeros == null ? scales : zeros, pairedStep));
  }

  /** Decodes the parameters of a run of groups to memory, where the loops find them. */
  final void loadParameters(int tile, int group, TokenVector x, float[] scratch) {
    int count = Math.min(CHUNK, scales.groups() - group);
    scales.decode(tile, group, count, scratch, PARAMETERS);
    GroupTable zeroPoints = zeros;
    if (zeroPoints == null) {
      return;
    }
    zeroPoints.decode(tile, group, count, scratch, PARAMETERS + STARTS);
    for (int g = 0; g < count; g++) {
      float start = x.starts()[group + g];
      float negatedSum = x.negatedSums()[group + g];
      int from = PARAMETERS + STARTS + g * WordTiles.ROWS;
      for (int i = from; i < from + WordTiles.ROWS; i++) {
        scratch[i] = scratch[i] * negatedSum + start;
      }
    }
  }
}
