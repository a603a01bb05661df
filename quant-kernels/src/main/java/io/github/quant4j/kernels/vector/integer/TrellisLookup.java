// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.kernels.vector.trellis.PlaneGroup;
import io.github.quant4j.kernels.vector.trellis.TrellisStreams;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;

/**
 * Trellis-coded weights as planes of signs, which are indices into tables of sums of activations as
 * in {@link PlaneLookup}: exact, for vectors of 512 bits. A block is a panel of 128 rows, and all
 * columns are one segment.
 *
 * <p>A weight is {@code c - 2 b}, where {@code c} is the sum of the planes' magnitudes and {@code
 * b} that of the planes whose sign is a minus; the tables take in the minus, the planes count
 * twice, and the sums begin with {@code c} times the sum of the activations.
 */
final class TrellisLookup extends SegmentSums {
  /** What activation values are multiplied by. */
  static final int FACTOR = -1;

  /** More than in {@link PlaneLookup}, as there are no segments to end at, and weighting costs. */
  private static final int MOST_WORDS_IN_UNIT = 16;

  private static final int LEAST_PLANES = 3;

  private final TrellisStreams streams;

  /** What planes count, for each loop over some of them. */
  private final int[][] counts;

  private final int wordsInUnit;
  private final PlaneTables tables;

  /**
   * Takes packed weights.
   *
   * @param streams the weights
   * @param largestValue the largest magnitude of an activation value
   */
  TrellisLookup(TrellisStreams streams, int largestValue) {
    super(layout(streams.matrix().columns()), TrellisStreams.PANEL);
    this.streams = streams;
    TrellisCode code = streams.matrix().code();
    this.counts =
        PlaneGroup.of(code).stream().map(group -> counts(code, group)).toArray(int[][]::new);
    this.wordsInUnit =
        PlaneLookup.wordsInUnit(layout().unitsInSegment(), largestValue, MOST_WORDS_IN_UNIT);
    this.tables =
        new PlaneTables(layout(), 2 * streams.matrix().code().largestMagnitude(), wordsInUnit);
  }

  private static int[] counts(TrellisCode code, PlaneGroup group) {
    return code.planes().subList(group.first(), group.first() + group.planes()).stream()
        .mapToInt(plane -> 2 * plane.magnitude())
        .toArray();
  }

  private static SegmentLayout layout(int columns) {
    return new SegmentLayout(columns, columns, columns, PlaneLookup.WORD);
  }

  /**
   * Whether there are loops for a code, and tables that do not overflow.
   *
   * @param code of the weights
   * @param largestValue the largest magnitude of an activation value
   */
  static boolean supports(TrellisCode code, int largestValue) {
    int planes = code.planes().size();
    return planes >= LEAST_PLANES
        && TrellisStreams.supports(code)
        && PlaneLookup.supports(1, largestValue);
  }

  private record OperandKind(int magnitudes, int wordsInUnit) {}

  @Override
  Object operandKind() {
    return new OperandKind(streams.matrix().code().largestMagnitude(), wordsInUnit);
  }

  @Override
  MemorySegment packed() {
    return streams.data();
  }

  @Override
  void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    tables.prepare(tile, values, offset, scratch);
  }

  @Override
  int pieces() {
    return tables.pieces();
  }

  @Override
  void preparePiece(Tile tile, int piece, int[] values, int offset, ScratchPool scratch) {
    tables.preparePiece(tile, piece, values, offset);
  }

  @Override
  void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch) {
    assert first == 0 && last == 1 : "there is one segment";
    int size = layout().unitsInSegment() * PlaneTables.SIZE;
    for (int t = 0; t < tile.tokens; t++) {
      for (int vector = 0; vector < TrellisStreams.VECTORS; vector++) {
        int to = t * blockRows() + vector * TrellisStreams.LANES;
        for (int group = 0; group < counts.length; group++) {
          add(tile.tables, t * size, block, vector, group, sums, to);
        }
      }
    }
  }

  private void add(
      short[] table, int tableAt, int block, int vector, int group, int[] sums, int to) {
    MemorySegment packed = streams.data();
    long at = streams.at(block);
    long step = TrellisStreams.WORD_BYTES;
    long[] taps = streams.tapsOf(vector, group);
    int[] weights = counts[group];
    int units = layout().unitsInSegment() / wordsInUnit;
    switch (weights.length) {
      case 3 ->
          TrellisFewPlanes.three(
              packed, at, step, taps, table, tableAt, units, wordsInUnit, weights, sums, to);
      case 4 ->
          TrellisFewPlanes.four(
              packed, at, step, taps, table, tableAt, units, wordsInUnit, weights, sums, to);
      case 5 ->
          TrellisManyPlanes.five(
              packed, at, step, taps, table, tableAt, units, wordsInUnit, weights, sums, to);
      default ->
          TrellisManyPlanes.six(
              packed, at, step, taps, table, tableAt, units, wordsInUnit, weights, sums, to);
    }
  }

  @Override
  String name() {
    return streams.matrix().code().planes().size() + " planes of signs by table lookup";
  }
}
