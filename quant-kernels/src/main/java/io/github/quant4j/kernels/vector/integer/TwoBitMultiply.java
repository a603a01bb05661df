// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;

/** Multiplication of codes of up to 2 bits, sixteen in a word. */
final class TwoBitMultiply extends WordMultiply {
  private static final int BITS = 2;
  private static final int UNIT_WORDS = 4;

  /** Row vectors of a block. */
  static final int ROW_VECTORS = 2;

  /** Inputs of a unit. */
  static final int UNIT = 64;

  /**
   * Packs codes.
   *
   * @param weights codes of at most 2 bits
   * @param largestCode the largest one
   * @param largestValue the largest magnitude of an activation value
   * @param layout segments, with a unit of {@link #UNIT}
   * @param team the threads
   */
  TwoBitMultiply(
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
        UNIT_WORDS,
        team);
  }

  @Override
  boolean sumsUnitsTogether() {
    return false;
  }

  @Override
  void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch) {
    MemorySegment packed = packed();
    int rows = blockRows();
    int from = RunPlan.firstRun(tile, first);
    int to = RunPlan.firstRun(tile, last);
    int entries = RunPlan.entriesAt(tile, layout());
    int sumsAt = -first * tile.tokens * rows;
    long at = position(block);
    if (tile.tokens == 1) {
      TwoBitLoops.oneToken(packed, at, tile, entries, from, to, sums, sumsAt, rows);
      return;
    }
    for (int vector = 0; vector < ROW_VECTORS; vector++) {
      if (tile.tokens == 2) {
        TwoBitLoops.twoTokens(packed, at, tile, entries, from, to, sums, sumsAt, rows);
      } else {
        TwoBitLoops.fourTokens(packed, at, tile, entries, from, to, sums, sumsAt, rows);
      }
      at += Lanes.FLOATS * (long) Integer.BYTES;
      sumsAt += Lanes.FLOATS;
    }
  }

  @Override
  String name() {
    return "2-bit words";
  }
}
