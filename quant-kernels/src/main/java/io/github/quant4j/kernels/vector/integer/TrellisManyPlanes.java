// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** The inner loops of {@link TrellisFewPlanes} for codes of five or six planes. */
final class TrellisManyPlanes {

  private static final int LANES = PlaneLookup.LANES;
  private static final int HALF = LANES / 2;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private TrellisManyPlanes() {}

  /** Codes of five planes. */
  static void five(
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
    long t40 = taps[12];
    long t41 = taps[13];
    long t42 = taps[14];
    long word = at;
    int table = tablesAt;
    IntVector even = IntVector.fromArray(Lanes.INT, sums, to);
    IntVector odd = IntVector.fromArray(Lanes.INT, sums, to + HALF);
    for (int unit = 0; unit < units; unit++) {
      ShortVector p0 = ShortVector.zero(Lanes.SHORT);
      ShortVector p1 = p0;
      ShortVector p2 = p0;
      ShortVector p3 = p0;
      ShortVector p4 = p0;
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
        ShortVector v4 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t40, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t41, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t42, ORDER));
        IntVector w4 = v4.reinterpretAsInts();
        p4 =
            p4.add(v4.selectFrom(a))
                .add(w4.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w4.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
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
      IntVector r4 = p4.reinterpretAsInts();
      even = even.add(r4.and(0xffff).mul(counts[4]));
      odd = odd.add(r4.lanewise(VectorOperators.LSHR, 16).mul(counts[4]));
    }
    even.intoArray(sums, to);
    odd.intoArray(sums, to + HALF);
  }

  /** Codes of six planes. */
  static void six(
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
    long t40 = taps[12];
    long t41 = taps[13];
    long t42 = taps[14];
    long t50 = taps[15];
    long t51 = taps[16];
    long t52 = taps[17];
    long word = at;
    int table = tablesAt;
    IntVector even = IntVector.fromArray(Lanes.INT, sums, to);
    IntVector odd = IntVector.fromArray(Lanes.INT, sums, to + HALF);
    for (int unit = 0; unit < units; unit++) {
      ShortVector p0 = ShortVector.zero(Lanes.SHORT);
      ShortVector p1 = p0;
      ShortVector p2 = p0;
      ShortVector p3 = p0;
      ShortVector p4 = p0;
      ShortVector p5 = p0;
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
        ShortVector v4 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t40, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t41, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t42, ORDER));
        IntVector w4 = v4.reinterpretAsInts();
        p4 =
            p4.add(v4.selectFrom(a))
                .add(w4.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w4.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        ShortVector v5 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t50, ORDER)
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t51, ORDER))
                .lanewise(
                    VectorOperators.XOR,
                    ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t52, ORDER));
        IntVector w5 = v5.reinterpretAsInts();
        p5 =
            p5.add(v5.selectFrom(a))
                .add(w5.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w5.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
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
      IntVector r4 = p4.reinterpretAsInts();
      even = even.add(r4.and(0xffff).mul(counts[4]));
      odd = odd.add(r4.lanewise(VectorOperators.LSHR, 16).mul(counts[4]));
      IntVector r5 = p5.reinterpretAsInts();
      even = even.add(r5.and(0xffff).mul(counts[5]));
      odd = odd.add(r5.lanewise(VectorOperators.LSHR, 16).mul(counts[5]));
    }
    even.intoArray(sums, to);
    odd.intoArray(sums, to + HALF);
  }
}
