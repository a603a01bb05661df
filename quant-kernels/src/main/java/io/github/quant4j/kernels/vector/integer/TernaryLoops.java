// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link TernaryLookup}; see {@link NibbleLoops} for why they are written out.
 */
final class TernaryLoops {
  private static final int LANES = TernaryLookup.LANES;
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Float.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int LOW_BITS = TernaryLookup.LOW_BITS;
  private static final int FOUR = 4 * LANES;

  private TernaryLoops() {}

  /**
   * Looks up a pass of one token in a panel of four row vectors.
   *
   * <p>One pass in a call, because with a loop around this one the compiler keeps the outer loop's
   * values in vector registers and moves them in the inner one.
   *
   * @param packed indices, {@code [indices][4][LANES]} from {@code at}
   * @param at the first index
   * @param step from one index to the next, not a constant, see {@link NibbleLoops}
   * @param tables {@code [indices][4][LANES]}: two for the low parts, two for the high parts
   * @param tablesAt those of the first index
   * @param count how many indices
   * @param start what the high parts start at
   * @param partial receives {@code [2][4][LANES]}, low parts first
   * @param to where
   */
  static void lookUp(
      MemorySegment packed,
      long at,
      long step,
      byte[] tables,
      int tablesAt,
      int count,
      int start,
      byte[] partial,
      int to) {
    long word = at;
    int table = tablesAt;
    ByteVector low0 = ByteVector.zero(Lanes.BYTE);
    ByteVector low1 = low0;
    ByteVector low2 = low0;
    ByteVector low3 = low0;
    ByteVector high0 = ByteVector.broadcast(Lanes.BYTE, (byte) start);
    ByteVector high1 = high0;
    ByteVector high2 = high0;
    ByteVector high3 = high0;
    for (int i = 0; i < count; i++) {
      ByteVector a = ByteVector.fromArray(Lanes.BYTE, tables, table);
      ByteVector b = ByteVector.fromArray(Lanes.BYTE, tables, table + LANES);
      ByteVector c = ByteVector.fromArray(Lanes.BYTE, tables, table + 2 * LANES);
      ByteVector d = ByteVector.fromArray(Lanes.BYTE, tables, table + 3 * LANES);
      ByteVector v0 = ByteVector.fromMemorySegment(Lanes.BYTE, packed, word, ORDER);
      ByteVector v1 = ByteVector.fromMemorySegment(Lanes.BYTE, packed, word + LANES, ORDER);
      ByteVector v2 = ByteVector.fromMemorySegment(Lanes.BYTE, packed, word + 2 * LANES, ORDER);
      ByteVector v3 = ByteVector.fromMemorySegment(Lanes.BYTE, packed, word + 3 * LANES, ORDER);
      low0 = low0.add(v0.selectFrom(a, b));
      high0 = high0.add(v0.selectFrom(c, d));
      low1 = low1.add(v1.selectFrom(a, b));
      high1 = high1.add(v1.selectFrom(c, d));
      low2 = low2.add(v2.selectFrom(a, b));
      high2 = high2.add(v2.selectFrom(c, d));
      low3 = low3.add(v3.selectFrom(a, b));
      high3 = high3.add(v3.selectFrom(c, d));
      word += step;
      table += FOUR;
    }
    low0.intoArray(partial, to);
    low1.intoArray(partial, to + LANES);
    low2.intoArray(partial, to + 2 * LANES);
    low3.intoArray(partial, to + 3 * LANES);
    high0.intoArray(partial, to + 4 * LANES);
    high1.intoArray(partial, to + 5 * LANES);
    high2.intoArray(partial, to + 6 * LANES);
    high3.intoArray(partial, to + 7 * LANES);
  }

  /**
   * Widens the sums of up to {@link TernaryLookup#PASSES_IN_SHORT} passes of one segment, and adds
   * them to the sums of a panel's rows.
   *
   * <p>Bytes are added in 16-bit lanes, all of them and the upper ones once more by themselves;
   * what is left of the former without the latter is the lower ones.
   *
   * @param partial {@code [passes][2][4][LANES]}
   * @param passes how many
   * @param sums added to
   * @param sumsAt the first row
   */
  static void widen(byte[] partial, int passes, int[] sums, int sumsAt) {
    int to = sumsAt;
    for (int from = 0; from < FOUR; from += LANES) {
      ShortVector low = ShortVector.zero(Lanes.SHORT);
      ShortVector lowOdd = low;
      ShortVector high = low;
      ShortVector highOdd = low;
      int at = from;
      for (int pass = 0; pass < passes; pass++) {
        ShortVector l = ByteVector.fromArray(Lanes.BYTE, partial, at).reinterpretAsShorts();
        ShortVector h = ByteVector.fromArray(Lanes.BYTE, partial, at + FOUR).reinterpretAsShorts();
        low = low.add(l);
        lowOdd = lowOdd.add(l.lanewise(VectorOperators.LSHR, 8));
        high = high.add(h);
        highOdd = highOdd.add(h.lanewise(VectorOperators.LSHR, 8));
        at += 2 * FOUR;
      }
      ShortVector all = high.lanewise(VectorOperators.LSHL, LOW_BITS).add(low);
      ShortVector odd = highOdd.lanewise(VectorOperators.LSHL, LOW_BITS).add(lowOdd);
      IntVector evens = all.sub(odd.lanewise(VectorOperators.LSHL, 8)).reinterpretAsInts();
      IntVector odds = odd.reinterpretAsInts();
      IntVector.fromArray(Lanes.INT, sums, to).add(evens.and(0xffff)).intoArray(sums, to);
      IntVector.fromArray(Lanes.INT, sums, to + L).add(odds.and(0xffff)).intoArray(sums, to + L);
      IntVector.fromArray(Lanes.INT, sums, to + 2 * L)
          .add(evens.lanewise(VectorOperators.LSHR, 16))
          .intoArray(sums, to + 2 * L);
      IntVector.fromArray(Lanes.INT, sums, to + 3 * L)
          .add(odds.lanewise(VectorOperators.LSHR, 16))
          .intoArray(sums, to + 3 * L);
      to += LANES;
    }
  }

  /**
   * Widens the sums of all passes of a segment and adds them, scaled, to the outputs of a panel's
   * rows: what {@link #widen} and {@link RowVectors#scale} do, without storing sums in between.
   *
   * @param partial {@code [passes][2][4][LANES]}
   * @param passes how many
   * @param start what the sums are before any product
   * @param scales scales
   * @param scaleAt those of the panel's rows
   * @param scaleStep from those of a vector of rows to the next ones, not a constant
   * @param tokenScale the token's scale
   * @param outputs added to
   * @param outputsAt the first row
   */
  static void widenAndScale(
      byte[] partial,
      int passes,
      int start,
      MemorySegment scales,
      long scaleAt,
      long scaleStep,
      float tokenScale,
      float[] outputs,
      int outputsAt) {
    int to = outputsAt;
    long scale = scaleAt;
    for (int from = 0; from < FOUR; from += LANES) {
      ShortVector low = ShortVector.zero(Lanes.SHORT);
      ShortVector lowOdd = low;
      ShortVector high = low;
      ShortVector highOdd = low;
      int at = from;
      for (int pass = 0; pass < passes; pass++) {
        ShortVector l = ByteVector.fromArray(Lanes.BYTE, partial, at).reinterpretAsShorts();
        ShortVector h = ByteVector.fromArray(Lanes.BYTE, partial, at + FOUR).reinterpretAsShorts();
        low = low.add(l);
        lowOdd = lowOdd.add(l.lanewise(VectorOperators.LSHR, 8));
        high = high.add(h);
        highOdd = highOdd.add(h.lanewise(VectorOperators.LSHR, 8));
        at += 2 * FOUR;
      }
      ShortVector all = high.lanewise(VectorOperators.LSHL, LOW_BITS).add(low);
      ShortVector odd = highOdd.lanewise(VectorOperators.LSHL, LOW_BITS).add(lowOdd);
      IntVector evens = all.sub(odd.lanewise(VectorOperators.LSHL, 8)).reinterpretAsInts();
      IntVector odds = odd.reinterpretAsInts();
      FloatVector sum0 = (FloatVector) evens.and(0xffff).add(start).convert(VectorOperators.I2F, 0);
      FloatVector sum1 = (FloatVector) odds.and(0xffff).add(start).convert(VectorOperators.I2F, 0);
      FloatVector sum2 =
          (FloatVector)
              evens.lanewise(VectorOperators.LSHR, 16).add(start).convert(VectorOperators.I2F, 0);
      FloatVector sum3 =
          (FloatVector)
              odds.lanewise(VectorOperators.LSHR, 16).add(start).convert(VectorOperators.I2F, 0);
      sum0.fma(
              FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale, ORDER).mul(tokenScale),
              FloatVector.fromArray(Lanes.FLOAT, outputs, to))
          .intoArray(outputs, to);
      sum1.fma(
              FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + BYTES, ORDER)
                  .mul(tokenScale),
              FloatVector.fromArray(Lanes.FLOAT, outputs, to + L))
          .intoArray(outputs, to + L);
      sum2.fma(
              FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 2 * BYTES, ORDER)
                  .mul(tokenScale),
              FloatVector.fromArray(Lanes.FLOAT, outputs, to + 2 * L))
          .intoArray(outputs, to + 2 * L);
      sum3.fma(
              FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 3 * BYTES, ORDER)
                  .mul(tokenScale),
              FloatVector.fromArray(Lanes.FLOAT, outputs, to + 3 * L))
          .intoArray(outputs, to + 3 * L);
      scale += scaleStep;
      to += LANES;
    }
  }
}
