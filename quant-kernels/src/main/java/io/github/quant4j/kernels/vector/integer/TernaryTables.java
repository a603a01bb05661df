// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The tables and the passes of {@link TernaryLookup} for a tile of tokens.
 *
 * <p>Entries are computed in 16-bit lanes, even and odd ones apart, so that two of them become
 * neighbouring bytes without crossing lanes. Splitting them by 32-bit shifts and masks is right
 * because the bits that are taken never come from the other half.
 */
final class TernaryTables {
  private static final int ENTRIES = 2 * TernaryLookup.LANES;
  private static final int LOW_BITS = TernaryLookup.LOW_BITS;
  private static final int LANES = TernaryLookup.LANES / 2;
  private static final int LOW_MASK = ((1 << LOW_BITS) - 1) * 0x10001;
  private static final int LOWER_BYTES = 0xff * 0x10001;
  private static final int UPPER_BYTES = 0xff00_ff00;
  private static final int DIGITS = TernaryLookup.DIGITS;
  private static final int LARGEST_DIGIT = 2;

  /** The values of the digits in the even entries 0 to 62. */
  private static final short[] EVEN_DIGITS = new short[DIGITS * LANES];

  /** The values of the digits in the odd entries 1 to 63. */
  private static final short[] ODD_DIGITS = new short[DIGITS * LANES];

  static {
    for (int lane = 0; lane < LANES; lane++) {
      for (int digit = 0; digit < DIGITS; digit++) {
        EVEN_DIGITS[digit * LANES + lane] = (short) digitOf(2 * lane, digit);
        ODD_DIGITS[digit * LANES + lane] = (short) digitOf(2 * lane + 1, digit);
      }
    }
  }

  private final SegmentLayout layout;
  private final int indicesInSegment;
  private final int indicesInSlice;
  private final int indices;

  /**
   * Sets the shape.
   *
   * @param layout segments
   * @param indicesInSegment indices of a segment
   * @param indicesInSlice indices after which a pass ends in any case
   */
  TernaryTables(SegmentLayout layout, int indicesInSegment, int indicesInSlice) {
    this.layout = layout;
    this.indicesInSegment = indicesInSegment;
    this.indicesInSlice = indicesInSlice;
    this.indices = indicesInSegment * layout.segments();
  }

  private static int digitOf(int entry, int digit) {
    int last = TernaryLookup.digitWeight(DIGITS - 1);
    return digit == DIGITS - 1 ? entry / last : entry % last / TernaryLookup.digitWeight(digit) % 3;
  }

  /** The ints of a pass: its first index, how many, and where high parts start for each token. */
  static int planStep(int tokens) {
    return 2 + tokens;
  }

  /**
   * Borrows tables {@code [tokens][indices][4][64]} for the low parts of 128 entries and then the
   * high ones, and makes the plan of passes as the operands: first the number of the first pass of
   * each segment, and of the end, then the passes.
   */
  void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    int tokens = tile.tokens;
    int segments = layout.segments();
    int step = planStep(tokens);
    int[] plan = scratch.ints(segments + 1 + indices * step);
    int[] digits = scratch.ints(indicesInSegment * DIGITS);
    int[] spans = scratch.ints(2 * tokens * indicesInSegment);
    tile.byteTables = scratch.bytes(tokens * indices * 2 * ENTRIES);
    tile.operands = plan;
    int passesAt = segments + 1;
    int pass = 0;
    for (int s = 0; s < segments; s++) {
      plan[s] = pass;
      int firstIndex = s * indicesInSegment;
      for (int t = 0; t < tokens; t++) {
        copyDigits(values, offset, t, firstIndex, firstIndex + indicesInSegment, digits);
        measure(digits, spans, 2 * t * indicesInSegment);
      }
      int next = 0;
      while (next < indicesInSegment) {
        int entry = passesAt + pass * step;
        plan[entry] = firstIndex + next;
        plan[entry + 1] = passLength(spans, tokens, firstIndex, next);
        for (int t = 0; t < tokens; t++) {
          plan[entry + 2 + t] = start(spans, t, next, plan[entry + 1]);
        }
        next += plan[entry + 1];
        pass++;
      }
      for (int t = 0; t < tokens; t++) {
        int starts = 0;
        for (int p = plan[s]; p < pass; p++) {
          starts += plan[passesAt + p * step + 2 + t];
        }
        tile.starts[tile.offset + s * tokens + t] = -(starts << LOW_BITS);
      }
    }
    plan[segments] = pass;
    scratch.release(spans);
    scratch.release(digits);
  }

  /** Makes the tables of some indices of a prepared tile. */
  void build(Tile tile, int first, int last, int[] values, int offset, ScratchPool scratch) {
    int[] digits = scratch.ints((last - first) * DIGITS);
    for (int t = 0; t < tile.tokens; t++) {
      copyDigits(values, offset, t, first, last, digits);
      build(digits, tile.byteTables, (t * indices + first) * 2 * ENTRIES, last - first);
    }
    scratch.release(digits);
  }

  /** The values that some indices of a token stand for, with zeros behind the end of a segment. */
  private void copyDigits(int[] values, int offset, int token, int first, int last, int[] digits) {
    int length = layout.segmentLength();
    int from = offset + token * layout.paddedColumns();
    int to = 0;
    for (int index = first; index < last; ) {
      int segment = index / indicesInSegment;
      int next = Math.min(last, (segment + 1) * indicesInSegment);
      int inSegment = (index - segment * indicesInSegment) * DIGITS;
      int wanted = (next - index) * DIGITS;
      int there = Math.min(wanted, length - inSegment);
      System.arraycopy(values, from + segment * length + inSegment, digits, to, there);
      Arrays.fill(digits, to + there, to + wanted, 0);
      to += wanted;
      index = next;
    }
  }

  /** The high parts of the least and of the greatest entry of each index. */
  private void measure(int[] values, int[] spans, int spansAt) {
    int at = 0;
    for (int i = 0; i < indicesInSegment; i++) {
      int negative = 0;
      int sum = 0;
      for (int digit = 0; digit < DIGITS; digit++) {
        int value = values[at++];
        negative += value & value >> 31;
        sum += value;
      }
      spans[spansAt + 2 * i] = negative * LARGEST_DIGIT >> LOW_BITS;
      spans[spansAt + 2 * i + 1] = (sum - negative) * LARGEST_DIGIT >> LOW_BITS;
    }
  }

  /** How many indices a pass can have, from some index of a segment. */
  private int passLength(int[] spans, int tokens, int firstIndex, int from) {
    int inSlice = indicesInSlice - (firstIndex + from) % indicesInSlice;
    int most = Math.min(TernaryLookup.MOST_IN_PASS, Math.min(inSlice, indicesInSegment - from));
    for (int t = 0; t < tokens; t++) {
      int at = 2 * (t * indicesInSegment + from);
      int span = 0;
      for (int i = 0; i < most; i++) {
        span += spans[at + 2 * i + 1] - spans[at + 2 * i];
        if (span > TernaryLookup.HIGH_RANGE) {
          most = i;
        }
      }
    }
    return most;
  }

  /** What the high parts of a pass start at, so that none of their sums is negative. */
  private int start(int[] spans, int token, int from, int count) {
    int at = 2 * (token * indicesInSegment + from);
    int start = 0;
    for (int i = 0; i < count; i++) {
      start -= spans[at + 2 * i];
    }
    return start;
  }

  private static void build(int[] values, byte[] tables, int tablesAt, int count) {
    ShortVector even0 = ShortVector.fromArray(Lanes.SHORT, EVEN_DIGITS, 0);
    ShortVector even1 = ShortVector.fromArray(Lanes.SHORT, EVEN_DIGITS, LANES);
    ShortVector even2 = ShortVector.fromArray(Lanes.SHORT, EVEN_DIGITS, 2 * LANES);
    ShortVector last3 = ShortVector.fromArray(Lanes.SHORT, EVEN_DIGITS, 3 * LANES);
    ShortVector odd0 = ShortVector.fromArray(Lanes.SHORT, ODD_DIGITS, 0);
    ShortVector odd1 = ShortVector.fromArray(Lanes.SHORT, ODD_DIGITS, LANES);
    ShortVector odd2 = ShortVector.fromArray(Lanes.SHORT, ODD_DIGITS, 2 * LANES);
    int at = 0;
    int to = tablesAt;
    for (int i = 0; i < count; i++) {
      ShortVector a0 = ShortVector.broadcast(Lanes.SHORT, (short) values[at]);
      ShortVector a1 = ShortVector.broadcast(Lanes.SHORT, (short) values[at + 1]);
      ShortVector a2 = ShortVector.broadcast(Lanes.SHORT, (short) values[at + 2]);
      ShortVector a3 = ShortVector.broadcast(Lanes.SHORT, (short) values[at + 3]);
      ShortVector last = last3.mul(a3);
      ShortVector even = even0.mul(a0).add(even1.mul(a1)).add(even2.mul(a2).add(last));
      ShortVector odd = odd0.mul(a0).add(odd1.mul(a1)).add(odd2.mul(a2).add(last));
      // The upper half begins at entry 64, where the last digit is 2.
      ShortVector more = a3.add(a3);
      split(even, odd, even.add(more), odd.add(more), tables, to);
      at += DIGITS;
      to += 2 * ENTRIES;
    }
  }

  /** Splits the even and odd entries of both halves of a table into low and high parts. */
  private static void split(
      ShortVector even0,
      ShortVector odd0,
      ShortVector even1,
      ShortVector odd1,
      byte[] tables,
      int to) {
    IntVector e0 = even0.reinterpretAsInts();
    IntVector o0 = odd0.reinterpretAsInts();
    IntVector e1 = even1.reinterpretAsInts();
    IntVector o1 = odd1.reinterpretAsInts();
    e0.and(LOW_MASK)
        .or(o0.and(LOW_MASK).lanewise(VectorOperators.LSHL, Byte.SIZE))
        .reinterpretAsBytes()
        .intoArray(tables, to);
    e1.and(LOW_MASK)
        .or(o1.and(LOW_MASK).lanewise(VectorOperators.LSHL, Byte.SIZE))
        .reinterpretAsBytes()
        .intoArray(tables, to + ENTRIES / 2);
    e0.lanewise(VectorOperators.LSHR, LOW_BITS)
        .and(LOWER_BYTES)
        .or(o0.lanewise(VectorOperators.LSHL, Byte.SIZE - LOW_BITS).and(UPPER_BYTES))
        .reinterpretAsBytes()
        .intoArray(tables, to + ENTRIES);
    e1.lanewise(VectorOperators.LSHR, LOW_BITS)
        .and(LOWER_BYTES)
        .or(o1.lanewise(VectorOperators.LSHL, Byte.SIZE - LOW_BITS).and(UPPER_BYTES))
        .reinterpretAsBytes()
        .intoArray(tables, to + ENTRIES + ENTRIES / 2);
  }
}
