// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** The inner loops of {@link PlaneLookup} for two tokens; see {@link LookupLoops}. */
final class LookupLoops2 {
  private static final int LANES = PlaneLookup.LANES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private LookupLoops2() {}

  /** Two tokens, 128 inputs. */
  static void twoTokens8(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      short[] tables,
      int tablesAt,
      int tokenStride,
      int units,
      short[] partial,
      int partialAt) {
    long word = at;
    int table = tablesAt;
    int to = partialAt;
    for (int unit = 0; unit < units; unit++) {
      ShortVector p00 = ShortVector.zero(Lanes.SHORT);
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      ShortVector p10 = p00;
      ShortVector p11 = p00;
      ShortVector p12 = p00;
      ShortVector p13 = p00;
      for (int i = 0; i < 8; i++) {
        ShortVector v0 = ShortVector.fromMemorySegment(Lanes.SHORT, packed, word, ORDER);
        IntVector w0 = v0.reinterpretAsInts();
        ShortVector v1 = ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + stride, ORDER);
        IntVector w1 = v1.reinterpretAsInts();
        ShortVector v2 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + 2 * stride, ORDER);
        IntVector w2 = v2.reinterpretAsInts();
        ShortVector v3 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + 3 * stride, ORDER);
        IntVector w3 = v3.reinterpretAsInts();
        ShortVector a0 = ShortVector.fromArray(Lanes.SHORT, tables, table);
        ShortVector b0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 32);
        ShortVector c0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 64);
        ShortVector d0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 96);
        p00 =
            p00.add(v0.selectFrom(a0))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p01 =
            p01.add(v1.selectFrom(a0))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p02 =
            p02.add(v2.selectFrom(a0))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p03 =
            p03.add(v3.selectFrom(a0))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        ShortVector a1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride);
        ShortVector b1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 32);
        ShortVector c1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 64);
        ShortVector d1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 96);
        p10 =
            p10.add(v0.selectFrom(a1))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p11 =
            p11.add(v1.selectFrom(a1))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p12 =
            p12.add(v2.selectFrom(a1))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p13 =
            p13.add(v3.selectFrom(a1))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        word += step;
        table += 4 * LANES;
      }
      p00.intoArray(partial, to);
      p01.intoArray(partial, to + LANES);
      p02.intoArray(partial, to + 2 * LANES);
      p03.intoArray(partial, to + 3 * LANES);
      p10.intoArray(partial, to + 4 * LANES);
      p11.intoArray(partial, to + 5 * LANES);
      p12.intoArray(partial, to + 6 * LANES);
      p13.intoArray(partial, to + 7 * LANES);
      to += 8 * LANES;
    }
  }

  /** Two tokens, 64 inputs. */
  static void twoTokens4(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      short[] tables,
      int tablesAt,
      int tokenStride,
      int units,
      short[] partial,
      int partialAt) {
    long word = at;
    int table = tablesAt;
    int to = partialAt;
    for (int unit = 0; unit < units; unit++) {
      ShortVector p00 = ShortVector.zero(Lanes.SHORT);
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      ShortVector p10 = p00;
      ShortVector p11 = p00;
      ShortVector p12 = p00;
      ShortVector p13 = p00;
      for (int i = 0; i < 4; i++) {
        ShortVector v0 = ShortVector.fromMemorySegment(Lanes.SHORT, packed, word, ORDER);
        IntVector w0 = v0.reinterpretAsInts();
        ShortVector v1 = ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + stride, ORDER);
        IntVector w1 = v1.reinterpretAsInts();
        ShortVector v2 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + 2 * stride, ORDER);
        IntVector w2 = v2.reinterpretAsInts();
        ShortVector v3 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + 3 * stride, ORDER);
        IntVector w3 = v3.reinterpretAsInts();
        ShortVector a0 = ShortVector.fromArray(Lanes.SHORT, tables, table);
        ShortVector b0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 32);
        ShortVector c0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 64);
        ShortVector d0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 96);
        p00 =
            p00.add(v0.selectFrom(a0))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p01 =
            p01.add(v1.selectFrom(a0))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p02 =
            p02.add(v2.selectFrom(a0))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p03 =
            p03.add(v3.selectFrom(a0))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        ShortVector a1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride);
        ShortVector b1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 32);
        ShortVector c1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 64);
        ShortVector d1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 96);
        p10 =
            p10.add(v0.selectFrom(a1))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p11 =
            p11.add(v1.selectFrom(a1))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p12 =
            p12.add(v2.selectFrom(a1))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p13 =
            p13.add(v3.selectFrom(a1))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        word += step;
        table += 4 * LANES;
      }
      p00.intoArray(partial, to);
      p01.intoArray(partial, to + LANES);
      p02.intoArray(partial, to + 2 * LANES);
      p03.intoArray(partial, to + 3 * LANES);
      p10.intoArray(partial, to + 4 * LANES);
      p11.intoArray(partial, to + 5 * LANES);
      p12.intoArray(partial, to + 6 * LANES);
      p13.intoArray(partial, to + 7 * LANES);
      to += 8 * LANES;
    }
  }

  /** Two tokens, {@code words} words in a unit. */
  static void twoTokens(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      short[] tables,
      int tablesAt,
      int tokenStride,
      int units,
      int words,
      short[] partial,
      int partialAt) {
    long word = at;
    int table = tablesAt;
    int to = partialAt;
    for (int unit = 0; unit < units; unit++) {
      ShortVector p00 = ShortVector.zero(Lanes.SHORT);
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      ShortVector p10 = p00;
      ShortVector p11 = p00;
      ShortVector p12 = p00;
      ShortVector p13 = p00;
      for (int i = 0; i < words; i++) {
        ShortVector v0 = ShortVector.fromMemorySegment(Lanes.SHORT, packed, word, ORDER);
        IntVector w0 = v0.reinterpretAsInts();
        ShortVector v1 = ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + stride, ORDER);
        IntVector w1 = v1.reinterpretAsInts();
        ShortVector v2 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + 2 * stride, ORDER);
        IntVector w2 = v2.reinterpretAsInts();
        ShortVector v3 =
            ShortVector.fromMemorySegment(Lanes.SHORT, packed, word + 3 * stride, ORDER);
        IntVector w3 = v3.reinterpretAsInts();
        ShortVector a0 = ShortVector.fromArray(Lanes.SHORT, tables, table);
        ShortVector b0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 32);
        ShortVector c0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 64);
        ShortVector d0 = ShortVector.fromArray(Lanes.SHORT, tables, table + 96);
        p00 =
            p00.add(v0.selectFrom(a0))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p01 =
            p01.add(v1.selectFrom(a0))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p02 =
            p02.add(v2.selectFrom(a0))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        p03 =
            p03.add(v3.selectFrom(a0))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b0))
                .add(
                    w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c0, d0));
        ShortVector a1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride);
        ShortVector b1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 32);
        ShortVector c1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 64);
        ShortVector d1 = ShortVector.fromArray(Lanes.SHORT, tables, table + tokenStride + 96);
        p10 =
            p10.add(v0.selectFrom(a1))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p11 =
            p11.add(v1.selectFrom(a1))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p12 =
            p12.add(v2.selectFrom(a1))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        p13 =
            p13.add(v3.selectFrom(a1))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b1))
                .add(
                    w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c1, d1));
        word += step;
        table += 4 * LANES;
      }
      p00.intoArray(partial, to);
      p01.intoArray(partial, to + LANES);
      p02.intoArray(partial, to + 2 * LANES);
      p03.intoArray(partial, to + 3 * LANES);
      p10.intoArray(partial, to + 4 * LANES);
      p11.intoArray(partial, to + 5 * LANES);
      p12.intoArray(partial, to + 6 * LANES);
      p13.intoArray(partial, to + 7 * LANES);
      to += 8 * LANES;
    }
  }
}
