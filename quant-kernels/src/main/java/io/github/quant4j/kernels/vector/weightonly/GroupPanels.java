// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.kernels.vector.dense.RegisterTile;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Decodes panels of weights from {@link WordTiles}, group by group: {@code (level - zero) * scale +
 * offset}.
 *
 * <p>Parameters come to the loops through memory, since a vector that two branches make lies on the
 * heap.
 */
abstract class GroupPanels implements PanelSource {
  /** Rows of a panel. */
  static final int WIDTH = RegisterTile.WIDTH;

  /** Where zero points lie, after the scales. */
  static final int ZEROS = WIDTH;

  /** Bytes of a vector of words. */
  static final long BYTES = Lanes.FLOATS * (long) Integer.BYTES;

  /** Bytes of all words of a tile at one place of its rows. */
  static final long STEP = WordTiles.ROWS * (long) Integer.BYTES;

  private final WordTiles tiles;
  private final int groupWords;
  private final GroupTable scales;
  private final @Nullable GroupTable zeros;
  private final @Nullable GroupTable offsets;
  private final ScratchPool scratch;

  GroupPanels(PackedTiles packed, int groupWords, ScratchPool scratch) {
    this.tiles = packed.words();
    this.groupWords = groupWords;
    this.scales = packed.scales();
    this.zeros = packed.zeros();
    this.offsets = packed.offsets();
    this.scratch = scratch;
  }

  @Override
  public final void fill(int row, int column, int depth, float[] panel) {
    int tile = row / WordTiles.ROWS;
    int vector = row % WordTiles.ROWS / Lanes.FLOATS;
    int codesInWord = tiles.codesInWord();
    int word = column / codesInWord;
    int to = 0;
    int last = depth * WIDTH;
    float[] parameters = scratch.floats(2 * WIDTH);
    while (to < last) {
      int group = word / groupWords;
      scales.load(tile, group, vector, parameters, 0);
      if (zeros != null) {
        zeros.load(tile, group, vector, parameters, ZEROS);
      }
      int end = Math.min(last, to + ((group + 1) * groupWords - word) * codesInWord * WIDTH);
      long at = tiles.offset(tile, word) + vector * BYTES;
      if (zeros == null) {
        decode(tiles.data(), at, parameters, panel, to, end);
      } else {
        decodeShifted(tiles.data(), at, parameters, panel, to, end);
      }
      if (offsets != null) {
        offsets.load(tile, group, vector, parameters, 0);
        for (int p = to; p < end; p += WIDTH) {
          for (int i = 0; i < WIDTH; i++) {
            panel[p + i] += parameters[i];
          }
        }
      }
      word += (end - to) / (codesInWord * WIDTH);
      to = end;
    }
    scratch.release(parameters);
  }

  /**
   * Decodes a run of words of two vectors of rows without zero points.
   *
   * @param words the words
   * @param at where the first word of the first vector lies; its neighbour is {@link #BYTES} behind
   *     it, the next word {@link #STEP}
   * @param parameters scales
   * @param panel receives the weights
   * @param from position of the first one
   * @param to end of the last one
   */
  abstract void decode(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to);

  /**
   * The same with zero points after the scales.
   *
   * @param words the words
   * @param at where the first word of the first vector lies
   * @param parameters scales and zero points
   * @param panel receives the weights
   * @param from position of the first one
   * @param to end of the last one
   */
  abstract void decodeShifted(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to);
}
