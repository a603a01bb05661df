// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link PlaneLookup} for one token, for units of a known or any number of
 * words; see {@link NibbleLoops} for why they are written out.
 *
 * <p>Parameters: {@code packed} words with those of the first of four streams at {@code at} and a
 * {@code stride} to the next, a {@code step} from one word to the next one; {@code tables} from
 * {@code tablesAt}, for two tokens with a {@code tokenStride} to the next token's; how many {@code
 * units}; {@code partial} receives {@code [units][tokens][streams][lanes]} from {@code partialAt}.
 */
final class LookupLoops {
  private static final int LANES = PlaneLookup.LANES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private LookupLoops() {}

  /** One token, 128 inputs. */
  static void oneToken8(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      short[] tables,
      int tablesAt,
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
        word += step;
        table += 4 * LANES;
      }
      p00.intoArray(partial, to);
      p01.intoArray(partial, to + LANES);
      p02.intoArray(partial, to + 2 * LANES);
      p03.intoArray(partial, to + 3 * LANES);
      to += 4 * LANES;
    }
  }

  /** One token, 64 inputs. */
  static void oneToken4(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      short[] tables,
      int tablesAt,
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
        word += step;
        table += 4 * LANES;
      }
      p00.intoArray(partial, to);
      p01.intoArray(partial, to + LANES);
      p02.intoArray(partial, to + 2 * LANES);
      p03.intoArray(partial, to + 3 * LANES);
      to += 4 * LANES;
    }
  }

  /** One token, {@code words} words in a unit. */
  static void oneToken(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      short[] tables,
      int tablesAt,
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
        word += step;
        table += 4 * LANES;
      }
      p00.intoArray(partial, to);
      p01.intoArray(partial, to + LANES);
      p02.intoArray(partial, to + 2 * LANES);
      p03.intoArray(partial, to + 3 * LANES);
      to += 4 * LANES;
    }
  }
}
