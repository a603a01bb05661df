// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops for a row vector of 512 bits and one token of floats, for codes of three or four
 * planes, written out because the compiler keeps arrays of vectors in memory. The signs of 32 rows
 * and 16 columns are the exclusive or of three loads; the sum of four activations with these signs
 * is looked up, for 16 rows at once. A selection ignores index bits beyond the table, so nothing
 * must be cleared.
 *
 * <p>Parameters: {@code packed} words with the one at hand of the panel's first stream at {@code
 * at}, a {@code step} from one word to the next one, and the {@code taps} of the row vector; {@code
 * tables} of so many {@code words} from {@code table}; what each plane {@code counts}; {@code
 * sums}, set from {@code to}: those of even lanes, then those of odd ones.
 */
final class FewPlaneLoops {

  private static final int SIZE = TrellisTables.SIZE;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private FewPlaneLoops() {}

  /** Codes of three planes. */
  static void three(
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
    long word = at;
    int from = table;
    FloatVector e0 = FloatVector.zero(Lanes.FLOAT);
    FloatVector o0 = e0;
    FloatVector e1 = e0;
    FloatVector o1 = e0;
    FloatVector e2 = e0;
    FloatVector o2 = e0;
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
      word += step;
      from += 4 * SIZE;
    }
    e0.mul(counts[0]).add(e1.mul(counts[1])).add(e2.mul(counts[2])).intoArray(sums, to);
    o0.mul(counts[0]).add(o1.mul(counts[1])).add(o2.mul(counts[2])).intoArray(sums, to + SIZE);
  }

  /** Codes of four planes. */
  static void four(
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
      word += step;
      from += 4 * SIZE;
    }
    e0.mul(counts[0])
        .add(e1.mul(counts[1]))
        .add(e2.mul(counts[2]))
        .add(e3.mul(counts[3]))
        .intoArray(sums, to);
    o0.mul(counts[0])
        .add(o1.mul(counts[1]))
        .add(o2.mul(counts[2]))
        .add(o3.mul(counts[3]))
        .intoArray(sums, to + SIZE);
  }
}
