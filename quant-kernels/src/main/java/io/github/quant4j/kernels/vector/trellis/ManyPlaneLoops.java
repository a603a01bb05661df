// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** The inner loops of {@link FewPlaneLoops} for codes of five or six planes. */
final class ManyPlaneLoops {

  private static final int SIZE = TrellisTables.SIZE;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private ManyPlaneLoops() {}

  /** Codes of five planes. */
  static void five(
      MemorySegment packed,
      long at,
      long step,
      long[] taps,
      float[] tables,
      int table,
      int words,
      float[] counts,
      float[] sums,
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
    int from = table;
    FloatVector e0 = FloatVector.zero(Lanes.FLOAT);
    FloatVector o0 = e0;
    FloatVector e1 = e0;
    FloatVector o1 = e0;
    FloatVector e2 = e0;
    FloatVector o2 = e0;
    FloatVector e3 = e0;
    FloatVector o3 = e0;
    FloatVector e4 = e0;
    FloatVector o4 = e0;
    for (int i = 0; i < words; i++) {
      IntVector a = FloatVector.fromArray(Lanes.FLOAT, tables, from + 0 * SIZE).reinterpretAsInts();
      IntVector b = FloatVector.fromArray(Lanes.FLOAT, tables, from + 1 * SIZE).reinterpretAsInts();
      IntVector c = FloatVector.fromArray(Lanes.FLOAT, tables, from + 2 * SIZE).reinterpretAsInts();
      IntVector d = FloatVector.fromArray(Lanes.FLOAT, tables, from + 3 * SIZE).reinterpretAsInts();
      IntVector w0 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t00, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t01, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t02, ORDER))
              .reinterpretAsInts();
      e0 =
          e0.add(w0.selectFrom(a).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o0 =
          o0.add(w0.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w1 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t10, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t11, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t12, ORDER))
              .reinterpretAsInts();
      e1 =
          e1.add(w1.selectFrom(a).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o1 =
          o1.add(w1.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w2 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t20, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t21, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t22, ORDER))
              .reinterpretAsInts();
      e2 =
          e2.add(w2.selectFrom(a).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o2 =
          o2.add(w2.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w3 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t30, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t31, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t32, ORDER))
              .reinterpretAsInts();
      e3 =
          e3.add(w3.selectFrom(a).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o3 =
          o3.add(w3.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w4 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t40, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t41, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t42, ORDER))
              .reinterpretAsInts();
      e4 =
          e4.add(w4.selectFrom(a).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o4 =
          o4.add(w4.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      word += step;
      from += 4 * SIZE;
    }
    e0.mul(counts[0])
        .add(e1.mul(counts[1]))
        .add(e2.mul(counts[2]))
        .add(e3.mul(counts[3]))
        .add(e4.mul(counts[4]))
        .intoArray(sums, to);
    o0.mul(counts[0])
        .add(o1.mul(counts[1]))
        .add(o2.mul(counts[2]))
        .add(o3.mul(counts[3]))
        .add(o4.mul(counts[4]))
        .intoArray(sums, to + SIZE);
  }

  /** Codes of six planes. */
  static void six(
      MemorySegment packed,
      long at,
      long step,
      long[] taps,
      float[] tables,
      int table,
      int words,
      float[] counts,
      float[] sums,
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
    int from = table;
    FloatVector e0 = FloatVector.zero(Lanes.FLOAT);
    FloatVector o0 = e0;
    FloatVector e1 = e0;
    FloatVector o1 = e0;
    FloatVector e2 = e0;
    FloatVector o2 = e0;
    FloatVector e3 = e0;
    FloatVector o3 = e0;
    FloatVector e4 = e0;
    FloatVector o4 = e0;
    FloatVector e5 = e0;
    FloatVector o5 = e0;
    for (int i = 0; i < words; i++) {
      IntVector a = FloatVector.fromArray(Lanes.FLOAT, tables, from + 0 * SIZE).reinterpretAsInts();
      IntVector b = FloatVector.fromArray(Lanes.FLOAT, tables, from + 1 * SIZE).reinterpretAsInts();
      IntVector c = FloatVector.fromArray(Lanes.FLOAT, tables, from + 2 * SIZE).reinterpretAsInts();
      IntVector d = FloatVector.fromArray(Lanes.FLOAT, tables, from + 3 * SIZE).reinterpretAsInts();
      IntVector w0 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t00, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t01, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t02, ORDER))
              .reinterpretAsInts();
      e0 =
          e0.add(w0.selectFrom(a).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o0 =
          o0.add(w0.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w0.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w1 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t10, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t11, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t12, ORDER))
              .reinterpretAsInts();
      e1 =
          e1.add(w1.selectFrom(a).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o1 =
          o1.add(w1.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w1.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w2 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t20, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t21, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t22, ORDER))
              .reinterpretAsInts();
      e2 =
          e2.add(w2.selectFrom(a).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o2 =
          o2.add(w2.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w2.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w3 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t30, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t31, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t32, ORDER))
              .reinterpretAsInts();
      e3 =
          e3.add(w3.selectFrom(a).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o3 =
          o3.add(w3.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w3.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w4 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t40, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t41, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t42, ORDER))
              .reinterpretAsInts();
      e4 =
          e4.add(w4.selectFrom(a).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o4 =
          o4.add(w4.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w4.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      IntVector w5 =
          ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t50, ORDER)
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t51, ORDER))
              .lanewise(
                  VectorOperators.XOR,
                  ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + t52, ORDER))
              .reinterpretAsInts();
      e5 =
          e5.add(w5.selectFrom(a).reinterpretAsFloats())
              .add(w5.lanewise(VectorOperators.LSHR, 4).selectFrom(b).reinterpretAsFloats())
              .add(w5.lanewise(VectorOperators.LSHR, 8).selectFrom(c).reinterpretAsFloats())
              .add(w5.lanewise(VectorOperators.LSHR, 12).selectFrom(d).reinterpretAsFloats());
      o5 =
          o5.add(w5.lanewise(VectorOperators.LSHR, 16).selectFrom(a).reinterpretAsFloats())
              .add(w5.lanewise(VectorOperators.LSHR, 20).selectFrom(b).reinterpretAsFloats())
              .add(w5.lanewise(VectorOperators.LSHR, 24).selectFrom(c).reinterpretAsFloats())
              .add(w5.lanewise(VectorOperators.LSHR, 28).selectFrom(d).reinterpretAsFloats());
      word += step;
      from += 4 * SIZE;
    }
    e0.mul(counts[0])
        .add(e1.mul(counts[1]))
        .add(e2.mul(counts[2]))
        .add(e3.mul(counts[3]))
        .add(e4.mul(counts[4]))
        .add(e5.mul(counts[5]))
        .intoArray(sums, to);
    o0.mul(counts[0])
        .add(o1.mul(counts[1]))
        .add(o2.mul(counts[2]))
        .add(o3.mul(counts[3]))
        .add(o4.mul(counts[4]))
        .add(o5.mul(counts[5]))
        .intoArray(sums, to + SIZE);
  }
}
