// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link TrellisLookup} for a row vector of 512 bits and one token, for codes of
 * three or four planes; see {@link NibbleLoops} for why they are written out. The signs of 32 rows
 * and 16 columns are the exclusive or of three loads; the sums of activations that they select are
 * looked up as in {@link PlaneLookup}.
 *
 * <p>Parameters: {@code packed} words with the one at hand of the panel's first stream at {@code
 * at}, a {@code step} from one word to the next one, and the {@code taps} of the row vector; {@code
 * tables} from {@code tablesAt}; how many {@code units} of so many {@code words}; what each plane
 * {@code counts}; {@code sums}, added to from {@code to}: those of even lanes, then those of odd
 * ones.
 */
final class TrellisFewPlanes {

  private static final int LANES = PlaneLookup.LANES;
  private static final int HALF = LANES / 2;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private TrellisFewPlanes() {}

  /** Codes of three planes. */
  static void three(
      MemorySegment packed,
      long at,
      long step,
      long[] taps,
      short[] tables,
      int tablesAt,
      int units,
      int words,
      int[] counts,
      int[] sums,
      int to) {
    long t00 = taps[0];
    long t01 = taps[1];
    long t02 = taps[2];
    long t10 = taps[3];
    long t11 = taps[4];
    long t12 = taps[5];
    long t20 = taps[6];
    long t21 = taps[7];
    long t22 = taps[8];
    long word = at;
    int table = tablesAt;
    IntVector even = IntVector.fromArray(Lanes.INT, sums, to);
    IntVector odd = IntVector.fromArray(Lanes.INT, sums, to + HALF);
    for (int unit = 0; unit < units; unit++) {
      ShortVector p0 = ShortVector.zero(Lanes.SHORT);
      ShortVector p1 = p0;
      ShortVector p2 = p0;
      for (int i = 0; i < words; i++) {
        ShortVector a = ShortVector.fromArray(Lanes.SHORT, tables, table + 0 * LANES);
        ShortVector b = ShortVector.fromArray(Lanes.SHORT, tables, table + 1 * LANES);
        ShortVector c = ShortVector.fromArray(Lanes.SHORT, tables, table + 2 * LANES);
        ShortVector d = ShortVector.fromArray(Lanes.SHORT, tables, table + 3 * LANES);
        ShortVector v0 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t00, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t01, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t02, ORDER));
        IntVector w0 = v0.reinterpretAsInts();
        p0 =
            p0.add(v0.selectFrom(a))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        ShortVector v1 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t10, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t11, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t12, ORDER));
        IntVector w1 = v1.reinterpretAsInts();
        p1 =
            p1.add(v1.selectFrom(a))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        ShortVector v2 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t20, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t21, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t22, ORDER));
        IntVector w2 = v2.reinterpretAsInts();
        p2 =
            p2.add(v2.selectFrom(a))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        word += step;
        table += 4 * LANES;
      }
      IntVector r0 = p0.reinterpretAsInts();
      even = even.add(r0.and(0xffff).mul(counts[0]));
      odd = odd.add(r0.lanewise(VectorOperators.LSHR, 16).mul(counts[0]));
      IntVector r1 = p1.reinterpretAsInts();
      even = even.add(r1.and(0xffff).mul(counts[1]));
      odd = odd.add(r1.lanewise(VectorOperators.LSHR, 16).mul(counts[1]));
      IntVector r2 = p2.reinterpretAsInts();
      even = even.add(r2.and(0xffff).mul(counts[2]));
      odd = odd.add(r2.lanewise(VectorOperators.LSHR, 16).mul(counts[2]));
    }
    even.intoArray(sums, to);
    odd.intoArray(sums, to + HALF);
  }

  /** Codes of four planes. */
  static void four(
      MemorySegment packed,
      long at,
      long step,
      long[] taps,
      short[] tables,
      int tablesAt,
      int units,
      int words,
      int[] counts,
      int[] sums,
      int to) {
    long t00 = taps[0];
    long t01 = taps[1];
    long t02 = taps[2];
    long t10 = taps[3];
    long t11 = taps[4];
    long t12 = taps[5];
    long t20 = taps[6];
    long t21 = taps[7];
    long t22 = taps[8];
    long t30 = taps[9];
    long t31 = taps[10];
    long t32 = taps[11];
    long word = at;
    int table = tablesAt;
    IntVector even = IntVector.fromArray(Lanes.INT, sums, to);
    IntVector odd = IntVector.fromArray(Lanes.INT, sums, to + HALF);
    for (int unit = 0; unit < units; unit++) {
      ShortVector p0 = ShortVector.zero(Lanes.SHORT);
      ShortVector p1 = p0;
      ShortVector p2 = p0;
      ShortVector p3 = p0;
      for (int i = 0; i < words; i++) {
        ShortVector a = ShortVector.fromArray(Lanes.SHORT, tables, table + 0 * LANES);
        ShortVector b = ShortVector.fromArray(Lanes.SHORT, tables, table + 1 * LANES);
        ShortVector c = ShortVector.fromArray(Lanes.SHORT, tables, table + 2 * LANES);
        ShortVector d = ShortVector.fromArray(Lanes.SHORT, tables, table + 3 * LANES);
        ShortVector v0 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t00, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t01, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t02, ORDER));
        IntVector w0 = v0.reinterpretAsInts();
        p0 =
            p0.add(v0.selectFrom(a))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        ShortVector v1 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t10, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t11, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t12, ORDER));
        IntVector w1 = v1.reinterpretAsInts();
        p1 =
            p1.add(v1.selectFrom(a))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        ShortVector v2 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t20, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t21, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t22, ORDER));
        IntVector w2 = v2.reinterpretAsInts();
        p2 =
            p2.add(v2.selectFrom(a))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        ShortVector v3 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t30, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t31, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t32, ORDER));
        IntVector w3 = v3.reinterpretAsInts();
        p3 =
            p3.add(v3.selectFrom(a))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        word += step;
        table += 4 * LANES;
      }
      IntVector r0 = p0.reinterpretAsInts();
      even = even.add(r0.and(0xffff).mul(counts[0]));
      odd = odd.add(r0.lanewise(VectorOperators.LSHR, 16).mul(counts[0]));
      IntVector r1 = p1.reinterpretAsInts();
      even = even.add(r1.and(0xffff).mul(counts[1]));
      odd = odd.add(r1.lanewise(VectorOperators.LSHR, 16).mul(counts[1]));
      IntVector r2 = p2.reinterpretAsInts();
      even = even.add(r2.and(0xffff).mul(counts[2]));
      odd = odd.add(r2.lanewise(VectorOperators.LSHR, 16).mul(counts[2]));
      IntVector r3 = p3.reinterpretAsInts();
      even = even.add(r3.and(0xffff).mul(counts[3]));
      odd = odd.add(r3.lanewise(VectorOperators.LSHR, 16).mul(counts[3]));
    }
    even.intoArray(sums, to);
    odd.intoArray(sums, to + HALF);
  }
}
