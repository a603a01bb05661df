// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.kernels.vector.machine.PlainLoops;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What {@link MantissaNibbles} and {@link PairedLookup} compute, in plain loops over the same
 * memory: a row's operations and their order are the same, so results are equal to the last bit.
 */
final class PlainTiles {
  private static final int ROWS = WordTiles.ROWS;

  private final WordTiles tiles;
  private final int groupWords;
  private final GroupTable scales;
  private final GroupTable zeros;
  private final boolean hasZeros;
  private final int pairedStep;

  /**
   * Plain loops for a product.
   *
   * @param tiles the words, eight codes each
   * @param groupWords words of a group
   * @param scales the scales
   * @param zeros the zero points; the scales once more if there are none
   * @param pairedStep what {@link PairedLookup} multiplies codes by; 0 for {@link MantissaNibbles}
   */
  PlainTiles(WordTiles tiles, int groupWords, GroupTable scales, GroupTable zeros, int pairedStep) {
    this.tiles = tiles;
    this.groupWords = groupWords;
    this.scales = scales;
    this.zeros = zeros;
    this.hasZeros = zeros != scales;
    this.pairedStep = pairedStep;
  }

  /**
   * Multiplies some tiles.
   *
   * @param tokens the tokens
   * @param from the first tile
   * @param to the tile after the last one
   * @param factor what sums are multiplied by
   * @param y receives the output
   * @param yOffset position of the first token's
   * @param outFeatures rows of the matrix
   * @param scratch for intermediate results
   */
  void multiply(
      TokenVectors tokens,
      int from,
      int to,
      float factor,
      float[] y,
      int yOffset,
      int outFeatures,
      ScratchPool scratch) {
    int most = Math.max(1, PlainLoops.ROWS / ROWS);
    for (int tile = from; tile < to; tile += most) {
      int count = Math.min(most, to - tile);
      Slab slab = new Slab(tile, count, scratch);
      for (int t = 0; t < tokens.count(); t++) {
        slab.multiply(tokens.get(t));
        int kept = Math.min(count * ROWS, outFeatures - tile * ROWS);
        PlainLoops.scaled(kept, slab.totals, factor, y, yOffset + t * outFeatures + tile * ROWS);
      }
      slab.release();
    }
  }

  /** Some tiles whose rows go through the loops together. */
  private final class Slab {
    private final ScratchPool scratch;
    private final int tile;
    private final int count;
    private final int rows;
    private final int[] words;
    private final int[] line;
    private final float[] scale;
    private final float[] zero;
    private final float[] sums;
    private final float[] upper;
    private final float[] totals;
    private final int[] parameters;

    Slab(int tile, int count, ScratchPool scratch) {
      this.scratch = scratch;
      this.tile = tile;
      this.count = count;
      this.rows = count * ROWS;
      this.words = scratch.ints(rows * tiles.words());
      this.line = scratch.ints(rows);
      this.scale = scratch.floats(rows);
      this.zero = scratch.floats(rows);
      this.sums = scratch.floats(rows);
      this.upper = scratch.floats(rows);
      this.totals = scratch.floats(rows);
      this.parameters = scratch.ints(rows);
      MemorySegment.copy(
          tiles.data(), PackedMemory.INT, tiles.offset(tile, 0), words, 0, rows * tiles.words());
    }

    void release() {
      scratch.release(parameters);
      scratch.release(totals);
      scratch.release(upper);
      scratch.release(sums);
      scratch.release(zero);
      scratch.release(scale);
      scratch.release(line);
      scratch.release(words);
    }

    /** One token, to the totals. */
    void multiply(TokenVector token) {
      float[] x = token.values();
      Arrays.fill(totals, 0, rows, 0f);
      int wordCount = tiles.words();
      for (int group = 0, word = 0; word < wordCount; group++) {
        int end = Math.min(wordCount, word + groupWords);
        load(scales, group, scale);
        if (hasZeros) {
          load(zeros, group, zero);
          PlainLoops.startFloats(
              rows, zero, token.negatedSums()[group], token.starts()[group], sums);
        } else {
          Arrays.fill(sums, 0, rows, token.starts()[group]);
        }
        if (pairedStep > 0) {
          Arrays.fill(upper, 0, rows, 0f);
        }
        for (; word < end; word++) {
          for (int i = 0; i < count; i++) {
            System.arraycopy(words, (i * wordCount + word) * ROWS, line, i * ROWS, ROWS);
          }
          if (pairedStep == 0) {
            PlainLoops.addMantissas(rows, line, 0, x, 8 * word, sums);
            PlainLoops.addMantissas(rows, line, 16, x, 8 * word + 4, sums);
          } else {
            PlainLoops.addLower(rows, line, pairedStep, x, 8 * word, sums);
            PlainLoops.addUpper(rows, line, pairedStep, x, 8 * word + 4, upper);
          }
        }
        if (pairedStep > 0) {
          PlainLoops.add(rows, sums, upper);
        }
        PlainLoops.fold(rows, sums, scale, totals);
      }
    }

    private void load(GroupTable table, int group, float[] target) {
      for (int i = 0; i < count; i++) {
        table.decodePlain(tile + i, group, parameters, target, i * ROWS);
      }
    }
  }
}
