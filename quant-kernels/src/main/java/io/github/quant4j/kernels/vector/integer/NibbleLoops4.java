// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loop of {@link NibbleMultiply} for four tokens; see {@link NibbleLoops}.
 *
 * <p>Views of a word are a loop, not written out: the compiler would load all coefficients first,
 * and keep sums in memory for want of registers (69 rather than 84 GMAC/s in the first-level
 * cache).
 */
final class NibbleLoops4 {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private NibbleLoops4() {}

  /** Four tokens, four row vectors, units of {@code words} words. */
  static void fourTokens(
      MemorySegment packed,
      long at,
      int words,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = rows * (long) Integer.BYTES;
    int coefficients = words * 4;
    for (int run = from; run < to; run++) {
      int entry = planAt + run * 12;
      long word = at + (long) operands[entry] * words * step;
      int operand = operands[entry + 2] * 4 * coefficients;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      ShortVector p10 = IntVector.broadcast(Lanes.INT, operands[entry + 5]).reinterpretAsShorts();
      ShortVector p11 = p10;
      ShortVector p12 = p10;
      ShortVector p13 = p10;
      ShortVector p20 = IntVector.broadcast(Lanes.INT, operands[entry + 6]).reinterpretAsShorts();
      ShortVector p21 = p20;
      ShortVector p22 = p20;
      ShortVector p23 = p20;
      ShortVector p30 = IntVector.broadcast(Lanes.INT, operands[entry + 7]).reinterpretAsShorts();
      ShortVector p31 = p30;
      ShortVector p32 = p30;
      ShortVector p33 = p30;
      int count = operands[entry + 3] * words;
      for (int q = 0; q < count; q++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        IntVector w1 = IntVector.fromMemorySegment(Lanes.INT, packed, word + BYTES, ORDER);
        IntVector w2 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 2 * BYTES, ORDER);
        IntVector w3 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 3 * BYTES, ORDER);
        for (int view = 0; view < 4; view++) {
          ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
          p00 = p00.add(w0.reinterpretAsShorts().mul(a0));
          p01 = p01.add(w1.reinterpretAsShorts().mul(a0));
          p02 = p02.add(w2.reinterpretAsShorts().mul(a0));
          p03 = p03.add(w3.reinterpretAsShorts().mul(a0));
          ShortVector a1 =
              IntVector.broadcast(Lanes.INT, operands[operand + 4]).reinterpretAsShorts();
          p10 = p10.add(w0.reinterpretAsShorts().mul(a1));
          p11 = p11.add(w1.reinterpretAsShorts().mul(a1));
          p12 = p12.add(w2.reinterpretAsShorts().mul(a1));
          p13 = p13.add(w3.reinterpretAsShorts().mul(a1));
          ShortVector a2 =
              IntVector.broadcast(Lanes.INT, operands[operand + 8]).reinterpretAsShorts();
          p20 = p20.add(w0.reinterpretAsShorts().mul(a2));
          p21 = p21.add(w1.reinterpretAsShorts().mul(a2));
          p22 = p22.add(w2.reinterpretAsShorts().mul(a2));
          p23 = p23.add(w3.reinterpretAsShorts().mul(a2));
          ShortVector a3 =
              IntVector.broadcast(Lanes.INT, operands[operand + 12]).reinterpretAsShorts();
          p30 = p30.add(w0.reinterpretAsShorts().mul(a3));
          p31 = p31.add(w1.reinterpretAsShorts().mul(a3));
          p32 = p32.add(w2.reinterpretAsShorts().mul(a3));
          p33 = p33.add(w3.reinterpretAsShorts().mul(a3));
          w0 = w0.lanewise(VectorOperators.LSHR, 4);
          w1 = w1.lanewise(VectorOperators.LSHR, 4);
          w2 = w2.lanewise(VectorOperators.LSHR, 4);
          w3 = w3.lanewise(VectorOperators.LSHR, 4);
          operand++;
        }
        word += step;
        operand += 12;
      }
      int sum = sumsAt + operands[entry + 1] * 4 * rows;
      IntVector i00 = p00.reinterpretAsInts();
      i00.lanewise(VectorOperators.LSHL, 16)
          .add(i00)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      IntVector i01 = p01.reinterpretAsInts();
      i01.lanewise(VectorOperators.LSHL, 16)
          .add(i01)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + L))
          .intoArray(sums, sum + L);
      IntVector i02 = p02.reinterpretAsInts();
      i02.lanewise(VectorOperators.LSHL, 16)
          .add(i02)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 2 * L))
          .intoArray(sums, sum + 2 * L);
      IntVector i03 = p03.reinterpretAsInts();
      i03.lanewise(VectorOperators.LSHL, 16)
          .add(i03)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 3 * L))
          .intoArray(sums, sum + 3 * L);
      sum += rows;
      IntVector i10 = p10.reinterpretAsInts();
      i10.lanewise(VectorOperators.LSHL, 16)
          .add(i10)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      IntVector i11 = p11.reinterpretAsInts();
      i11.lanewise(VectorOperators.LSHL, 16)
          .add(i11)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + L))
          .intoArray(sums, sum + L);
      IntVector i12 = p12.reinterpretAsInts();
      i12.lanewise(VectorOperators.LSHL, 16)
          .add(i12)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 2 * L))
          .intoArray(sums, sum + 2 * L);
      IntVector i13 = p13.reinterpretAsInts();
      i13.lanewise(VectorOperators.LSHL, 16)
          .add(i13)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 3 * L))
          .intoArray(sums, sum + 3 * L);
      sum += rows;
      IntVector i20 = p20.reinterpretAsInts();
      i20.lanewise(VectorOperators.LSHL, 16)
          .add(i20)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      IntVector i21 = p21.reinterpretAsInts();
      i21.lanewise(VectorOperators.LSHL, 16)
          .add(i21)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + L))
          .intoArray(sums, sum + L);
      IntVector i22 = p22.reinterpretAsInts();
      i22.lanewise(VectorOperators.LSHL, 16)
          .add(i22)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 2 * L))
          .intoArray(sums, sum + 2 * L);
      IntVector i23 = p23.reinterpretAsInts();
      i23.lanewise(VectorOperators.LSHL, 16)
          .add(i23)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 3 * L))
          .intoArray(sums, sum + 3 * L);
      sum += rows;
      IntVector i30 = p30.reinterpretAsInts();
      i30.lanewise(VectorOperators.LSHL, 16)
          .add(i30)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      IntVector i31 = p31.reinterpretAsInts();
      i31.lanewise(VectorOperators.LSHL, 16)
          .add(i31)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + L))
          .intoArray(sums, sum + L);
      IntVector i32 = p32.reinterpretAsInts();
      i32.lanewise(VectorOperators.LSHL, 16)
          .add(i32)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 2 * L))
          .intoArray(sums, sum + 2 * L);
      IntVector i33 = p33.reinterpretAsInts();
      i33.lanewise(VectorOperators.LSHL, 16)
          .add(i33)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 3 * L))
          .intoArray(sums, sum + 3 * L);
    }
  }
}
