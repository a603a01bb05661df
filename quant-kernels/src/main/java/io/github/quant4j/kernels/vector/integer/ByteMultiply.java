// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Multiplication of codes of up to 8 bits, in 16-bit lanes.
 *
 * <p>A 32-bit word holds two codes {@code c_0} and {@code c_1} of each of two rows, one row in
 * either half. Modulo 2^16,
 *
 * <pre>c_0 a_0 + c_1 a_1 = (c_0 + 2^8 c_1) a_0 + c_1 (a_1 - 2^8 a_0)</pre>
 *
 * so only the second code must be isolated. Two products span less than 2^16 for any codes and any
 * activations of magnitude 128, but more do not; with a bias that makes it positive, each pair is
 * added to two sums of 32 bits: one of the whole word, one of its upper half. The lower half is
 * their difference in the end.
 */
final class ByteMultiply extends SegmentSums {
  private static final int RANGE = 0xffff;
  private static final int INTS_IN_OPERAND = 3;
  private static final int PAIRS_OF_VECTORS = 2;

  private final int largestCode;
  private final int wordsInVector;
  private final MemorySegment packed;

  /**
   * Packs codes.
   *
   * @param weights the codes
   * @param largestCode the largest one
   * @param layout segments, with a unit of {@link #UNIT}
   * @param team the threads
   */
  ByteMultiply(WeightSource weights, int largestCode, SegmentLayout layout, WorkerTeam team) {
    super(layout, PAIRS_OF_VECTORS * 2 * Lanes.FLOATS);
    this.largestCode = largestCode;
    this.wordsInVector = layout.paddedColumns() / UNIT;
    int lanes = Lanes.FLOATS;
    int pairs = Math.ceilDiv(weights.rows(), blockRows()) * PAIRS_OF_VECTORS;
    this.packed = weights.part("words", PackedMemory.INT, (long) pairs * lanes * wordsInVector);
    weights.matrix().ifPresent(matrix -> team.run(pairs, pair -> pack(matrix.codes(), pair)));
  }

  /** Inputs of a unit: a word's codes of one row. */
  static final int UNIT = 2;

  /**
   * Whether two products fit.
   *
   * @param largestCode the largest code
   * @param largestValue the largest magnitude of an activation value
   */
  static boolean supports(int largestCode, int largestValue) {
    return 2 * largestCode * largestValue <= RANGE;
  }

  private void pack(PackedCodes codes, int pair) {
    int lanes = Lanes.FLOATS;
    SegmentLayout layout = layout();
    byte[] row = new byte[layout.columns()];
    for (int i = 0; i < 2 * lanes; i++) {
      int index = pair * 2 * lanes + i;
      if (index >= codes.rows()) {
        return;
      }
      codes.unpackRow(index, row, 0);
      int half = i / lanes;
      for (int column = 0; column < row.length; column++) {
        int at = layout.padded(column);
        long word = ((long) pair * wordsInVector + at / UNIT) * lanes + i % lanes;
        long to = word * Integer.BYTES + (2L * half + at % UNIT);
        packed.set(ValueLayout.JAVA_BYTE, to, row[column]);
      }
    }
  }

  /** What operands depend on. */
  private record OperandKind(int largestCode) {}

  @Override
  Object operandKind() {
    return new OperandKind(largestCode);
  }

  @Override
  MemorySegment packed() {
    return packed;
  }

  /** The operands are {@code [words][tokens][3]}: two factors and the bias, in both halves. */
  @Override
  void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    SegmentLayout layout = layout();
    int tokens = tile.tokens;
    int[] operands = scratch.ints(wordsInVector * tokens * INTS_IN_OPERAND);
    int wordsInSegment = layout.paddedLength() / UNIT;
    for (int t = 0; t < tokens; t++) {
      int at = offset + t * layout.paddedColumns();
      int to = t * INTS_IN_OPERAND;
      for (int s = 0; s < layout.segments(); s++) {
        int start = 0;
        for (int i = 0; i < wordsInSegment; i++) {
          int first = values[at];
          int second = values[at + 1];
          int bias = largestCode * (Math.max(-first, 0) + Math.max(-second, 0));
          operands[to] = twice(first);
          operands[to + 1] = twice(second - (first << 8));
          operands[to + 2] = twice(bias);
          start -= bias;
          at += UNIT;
          to += tokens * INTS_IN_OPERAND;
        }
        tile.starts[tile.offset + s * tokens + t] = start;
      }
    }
    tile.operands = operands;
  }

  private static int twice(int value) {
    return (value & 0xffff) * 0x1_0001;
  }

  @Override
  void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch) {
    int lanes = Lanes.FLOATS;
    int rows = blockRows();
    int words = layout().paddedLength() / UNIT;
    long stride = (long) wordsInVector * lanes * Integer.BYTES;
    long at = (long) block * PAIRS_OF_VECTORS * stride;
    if (tile.tokens == 1) {
      ByteLoops.oneToken(packed, at, stride, tile, words, first, last, sums, 0, rows);
      return;
    }
    for (int pair = 0; pair < PAIRS_OF_VECTORS; pair++) {
      long from = at + pair * stride;
      int to = pair * 2 * lanes;
      if (tile.tokens == 2) {
        ByteLoops.twoTokens(packed, from, stride, tile, words, first, last, sums, to, rows);
      } else {
        ByteLoops.fourTokens(packed, from, stride, tile, words, first, last, sums, to, rows);
      }
    }
  }

  @Override
  String name() {
    return "8-bit words";
  }
}
