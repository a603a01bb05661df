// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;

/** Multiplication of codes of up to 4 bits, eight in a word. */
final class NibbleMultiply extends WordMultiply {
  private static final int BITS = 4;
  private static final int CODES_IN_WORD = 8;
  private static final int LONG_UNIT_WORDS = 8;
  private static final int SHORT_UNIT_WORDS = 4;

  /** Row vectors of a block. */
  static final int ROW_VECTORS = 4;

  /**
   * Packs codes.
   *
   * @param weights codes of at most 4 bits
   * @param largestCode the largest one
   * @param largestValue the largest magnitude of an activation value
   * @param layout segments, with a unit of {@link #unit}
   * @param team the threads
   */
  NibbleMultiply(
      WeightSource weights,
      int largestCode,
      int largestValue,
      SegmentLayout layout,
      WorkerTeam team) {
    super(
        weights,
        BITS,
        largestCode,
        largestValue,
        layout,
        ROW_VECTORS * Lanes.FLOATS,
        layout.unit() / CODES_IN_WORD,
        team);
  }

  /**
   * The unit for segments of a length: the longer one unless its padding would exceed a seventh.
   *
   * @param segmentLength inputs of a segment
   */
  static int unit(int segmentLength) {
    int longUnit = LONG_UNIT_WORDS * CODES_IN_WORD;
    int shortUnit = SHORT_UNIT_WORDS * CODES_IN_WORD;
    int withLong = Math.ceilDiv(segmentLength, longUnit) * longUnit;
    int withShort = Math.ceilDiv(segmentLength, shortUnit) * shortUnit;
    return 8 * withLong <= 9 * withShort ? longUnit : shortUnit;
  }

  @Override
  boolean sumsUnitsTogether() {
    return true;
  }

  @Override
  void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch) {
    int rows = blockRows();
    int from = RunPlan.firstRun(tile, first);
    int to = RunPlan.firstRun(tile, last);
    int entries = RunPlan.entriesAt(tile, layout());
    int sumsAt = -first * tile.tokens * rows;
    long at = position(block);
    MemorySegment packed = packed();
    int words = unitWords();
    switch (tile.tokens) {
      case 1 ->
          NibbleLoops.oneToken(packed, at, words, tile, entries, from, to, sums, sumsAt, rows);
      case 2 ->
          NibbleLoops2.twoTokens(packed, at, words, tile, entries, from, to, sums, sumsAt, rows);
      case 4 ->
          NibbleLoops4.fourTokens(packed, at, words, tile, entries, from, to, sums, sumsAt, rows);
      default -> throw new AssertionError("a tile of " + tile.tokens + " tokens");
    }
  }

  @Override
  boolean addScaled(
      Tile tile, int block, RowParameters parameters, float[] outputs, ScratchPool scratch) {
    SegmentLayout layout = layout();
    int words = unitWords();
    int rows = blockRows();
    int row = block * rows;
    long at = position(block);
    MemorySegment packed = packed();
    switch (tile.tokens) {
      case 1 ->
          NibbleScaledLoops.oneToken(
              packed, at, words, tile, layout, parameters, row, outputs, rows);
      case 2 ->
          NibbleScaledLoops.twoTokens(
              packed, at, words, tile, layout, parameters, row, outputs, rows);
      case 4 ->
          NibbleScaledLoops4.fourTokens(
              packed, at, words, tile, layout, parameters, row, outputs, rows);
      default -> throw new AssertionError("a tile of " + tile.tokens + " tokens");
    }
    return true;
  }

  @Override
  String name() {
    return "4-bit words";
  }
}
