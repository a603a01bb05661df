// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Codes of three values, four in an index of 7 bits into tables of bytes (after T-MAC, Wei et al.,
 * arXiv 2407.00088, but exact), for vectors of 512 bits.
 *
 * <p>An index is {@code c_0 + 3 c_1 + 9 c_2 + 32 c_3}. A permutation of two vectors of bytes looks
 * up 64 rows at once in a table of 128 entries. An entry is a sum of activations with more than 8
 * bits, so it is kept in two tables: the lowest 4 bits, seventeen of which can be added in a byte,
 * and the next 8 bits, whose sum is right modulo 256. A <em>pass</em> of at most that many indices
 * thus gives a sum modulo 2^12, in two permutations and two additions for 64 rows of 4 codes. That
 * is the exact sum if the sums of the high parts span less than 256, for which passes are cut short
 * where activations are large, and if they start at what makes the least possible one 0.
 *
 * <p>The tables have 64 bytes for each activation and come from the second-level cache, which costs
 * as much as the lookups. So they are read for the 256 rows of a <em>panel</em> at once, and again
 * for the next panels of a block while they are in the first level: the indices of a <em>slice</em>
 * follow each other panel by panel, in the order in which they are read.
 */
final class TernaryLookup extends SegmentSums {
  /** Rows in a vector of bytes. */
  static final int LANES = 64;

  /** Bits of the low parts of table entries. */
  static final int LOW_BITS = 4;

  /** Passes whose sums fit unsigned 16 bits: each is at most 255 2^4 + 17 15. */
  static final int PASSES_IN_SHORT = 15;

  /** Codes of an index. */
  static final int DIGITS = 4;

  /** What the sums of high parts may span in a pass. */
  static final int HIGH_RANGE = 255;

  /** The most indices of a pass, so that the sums of low parts fit a byte. */
  static final int MOST_IN_PASS = HIGH_RANGE / ((1 << LOW_BITS) - 1);

  private static final int[] DIGIT_WEIGHTS = {1, 3, 9, 32};
  private static final int LARGEST_CODE = 2;
  private static final int ROW_VECTORS = 4;

  /** Rows of a panel, and bytes of all tables of an index. */
  static final int PANEL = ROW_VECTORS * LANES;

  /** Indices whose tables take a quarter of a first-level cache. */
  private static final int SLICE = 32;

  private final int panels;
  private final int panelsInBlock;
  private final int indicesInSegment;
  private final int indicesInSlice;
  private final int indices;

  /** Bytes of an index in a panel. */
  private final long step;

  /** Bytes of the scales of a vector of rows; no constant either. */
  private final long scaleStep;

  private final TernaryTables tables;
  private final MemorySegment packed;

  /**
   * Packs codes.
   *
   * @param weights codes 0, 1 and 2
   * @param layout segments, with a unit of 1
   * @param team the threads
   */
  TernaryLookup(WeightSource weights, SegmentLayout layout, WorkerTeam team) {
    super(layout, panelsInBlock(weights.rows()) * PANEL);
    this.panels = Math.ceilDiv(weights.rows(), PANEL);
    this.panelsInBlock = panelsInBlock(weights.rows());
    this.indicesInSegment = Math.ceilDiv(layout.segmentLength(), DIGITS);
    this.step = PANEL;
    this.scaleStep = LANES * (long) Float.BYTES;
    this.indices = indicesInSegment * layout.segments();
    this.indicesInSlice =
        2 * indicesInSegment > 3 * SLICE
            ? SLICE
            : Math.max(1, SLICE / indicesInSegment) * indicesInSegment;
    this.tables = new TernaryTables(layout, indicesInSegment, indicesInSlice);
    this.packed = weights.part("words", ValueLayout.JAVA_BYTE, (long) panels * PANEL * indices);
    weights.matrix().ifPresent(matrix -> team.run(panels, panel -> pack(matrix.codes(), panel)));
  }

  /**
   * Whether there are such permutations, and an index is small enough for a pass of its own.
   *
   * @param largestCode the largest code
   * @param largestValue the largest magnitude of an activation value
   */
  static boolean supports(int largestCode, int largestValue) {
    return Lanes.BYTE_PERMUTATION
        && largestCode == LARGEST_CODE
        && DIGITS * LARGEST_CODE * largestValue < HIGH_RANGE << LOW_BITS;
  }

  /** What a digit is worth in an index. */
  static int digitWeight(int digit) {
    return DIGIT_WEIGHTS[digit];
  }

  /** More panels use tables more often, but leave less to be divided among threads. */
  private static int panelsInBlock(int rows) {
    int panels = Math.ceilDiv(rows, PANEL);
    return panels >= 16 ? 4 : panels >= 8 ? 2 : 1;
  }

  /** Where the indices of a panel begin, from one on that lies in some slice to the slice's end. */
  private long position(int panel, int first) {
    int firstPanel = panel / panelsInBlock * panelsInBlock;
    int together = Math.min(panelsInBlock, panels - firstPanel);
    int sliceFrom = first / indicesInSlice * indicesInSlice;
    int sliceLength = Math.min(indicesInSlice, indices - sliceFrom);
    long vectors =
        (long) firstPanel * indices
            + (long) sliceFrom * together
            + (long) (panel - firstPanel) * sliceLength
            + (first - sliceFrom);
    return vectors * PANEL;
  }

  private void pack(PackedCodes codes, int panel) {
    int length = layout().segmentLength();
    byte[] row = new byte[layout().columns()];
    for (int i = 0; i < PANEL && panel * PANEL + i < codes.rows(); i++) {
      codes.unpackRow(panel * PANEL + i, row, 0);
      // Of each 32-bit lane, the lowest bytes are the first 16 rows.
      int inVector = i % LANES;
      int lane = i - inVector + inVector % Lanes.FLOATS * 4 + inVector / Lanes.FLOATS;
      for (int at = 0; at < indices; at++) {
        int column = at / indicesInSegment * length + at % indicesInSegment * DIGITS;
        int digits = Math.min(DIGITS, length - at % indicesInSegment * DIGITS);
        int index = 0;
        for (int digit = 0; digit < digits; digit++) {
          index += row[column + digit] * DIGIT_WEIGHTS[digit];
        }
        packed.set(ValueLayout.JAVA_BYTE, position(panel, at) + lane, (byte) index);
      }
    }
  }

  /** What operands depend on, beside the segments. */
  private record OperandKind(int indicesInSlice) {}

  @Override
  Object operandKind() {
    return new OperandKind(indicesInSlice);
  }

  @Override
  int panelVectors() {
    return PANEL / Lanes.FLOATS;
  }

  @Override
  MemorySegment packed() {
    return packed;
  }

  @Override
  void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    tables.prepare(tile, values, offset, scratch);
  }

  @Override
  int pieces() {
    return Math.ceilDiv(indices, SLICE);
  }

  @Override
  void preparePiece(Tile tile, int piece, int[] values, int offset, ScratchPool scratch) {
    int first = piece * SLICE;
    tables.build(tile, first, Math.min(indices, first + SLICE), values, offset, scratch);
  }

  @Override
  void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch) {
    int tokens = tile.tokens;
    int step = TernaryTables.planStep(tokens);
    int passesAt = layout().segments() + 1;
    int[] plan = tile.operands;
    int firstPanel = block * panelsInBlock;
    int lastPanel = Math.min(panels, firstPanel + panelsInBlock);
    byte[] partial = scratch.bytes(PASSES_IN_SHORT * 2 * PANEL);
    for (int s = first; s < last; s++) {
      int pass = plan[s];
      while (pass < plan[s + 1]) {
        int entry = passesAt + pass * step;
        int from = plan[entry];
        int slice = from / indicesInSlice;
        int passes = 1;
        while (passes < PASSES_IN_SHORT
            && pass + passes < plan[s + 1]
            && plan[entry + passes * step] / indicesInSlice == slice) {
          passes++;
        }
        for (int panel = firstPanel; panel < lastPanel; panel++) {
          long at = position(panel, from);
          int row = (s - first) * tokens * blockRows() + (panel - firstPanel) * PANEL;
          for (int t = 0; t < tokens; t++) {
            lookUp(tile, at, entry, passes, t, partial);
            TernaryLoops.widen(partial, passes, sums, row + t * blockRows());
          }
        }
        pass += passes;
      }
    }
    scratch.release(partial);
  }

  /**
   * Only without zero points, where a segment's passes lie in one slice, and for one token fit 16
   * bits.
   */
  @Override
  boolean addScaled(
      Tile tile, int block, RowParameters parameters, float[] outputs, ScratchPool scratch) {
    int segments = layout().segments();
    int[] plan = tile.operands;
    if (indicesInSegment > indicesInSlice || parameters.hasZeros()) {
      return false;
    }
    for (int s = 0; s < segments; s++) {
      if (plan[s + 1] - plan[s] > PASSES_IN_SHORT) {
        return false;
      }
    }
    int tokens = tile.tokens;
    int step = TernaryTables.planStep(tokens);
    int firstPanel = block * panelsInBlock;
    int lastPanel = Math.min(panels, firstPanel + panelsInBlock);
    byte[] partial = scratch.bytes(PASSES_IN_SHORT * 2 * PANEL);
    for (int s = 0; s < segments; s++) {
      int entry = segments + 1 + plan[s] * step;
      int passes = plan[s + 1] - plan[s];
      for (int panel = firstPanel; panel < lastPanel; panel++) {
        long at = position(panel, s * indicesInSegment);
        long scaleAt = parameters.scaleAt(panel * PANEL) + s * parameters.scaleStep();
        for (int t = 0; t < tokens; t++) {
          lookUp(tile, at, entry, passes, t, partial);
          TernaryLoops.widenAndScale(
              partial,
              passes,
              tile.starts[tile.offset + s * tokens + t],
              parameters.scales(),
              scaleAt,
              scaleStep,
              tile.scales[tile.offset + t * segments + s],
              outputs,
              t * blockRows() + (panel - firstPanel) * PANEL);
        }
      }
    }
    scratch.release(partial);
    return true;
  }

  /** All of some passes of a token in a panel, whose indices begin at {@code at}. */
  private void lookUp(Tile tile, long at, int entry, int passes, int token, byte[] partial) {
    int[] plan = tile.operands;
    int planStep = TernaryTables.planStep(tile.tokens);
    int from = plan[entry];
    int tablesAt = (token * indices + from) * PANEL;
    for (int p = 0; p < passes; p++) {
      int pass = entry + p * planStep;
      int skip = (plan[pass] - from) * PANEL;
      TernaryLoops.lookUp(
          packed,
          at + skip,
          step,
          tile.byteTables,
          tablesAt + skip,
          plan[pass + 1],
          plan[pass + 2 + token],
          partial,
          p * 2 * PANEL);
    }
  }

  @Override
  String name() {
    return "four ternary digits by table lookup";
  }
}
