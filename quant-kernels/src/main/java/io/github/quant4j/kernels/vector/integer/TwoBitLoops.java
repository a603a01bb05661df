// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link TwoBitMultiply}, one for each number of tokens; parameters and form are
 * those of {@link NibbleLoops}.
 */
final class TwoBitLoops {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private TwoBitLoops() {}

  /** One token, two row vectors. */
  static void oneToken(
      MemorySegment packed,
      long at,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = rows * (long) Integer.BYTES;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 6;
      long word = at + operands[entry] * (4 * step);
      int operand = pass * 32;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
      ShortVector p01 = p00;
      for (int q = 0; q < 4; q++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        IntVector w1 = IntVector.fromMemorySegment(Lanes.INT, packed, word + BYTES, ORDER);
        ShortVector v00 = w0.reinterpretAsShorts();
        ShortVector v01 = w1.reinterpretAsShorts();
        ShortVector a00 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        p00 = p00.add(v00.mul(a00));
        p01 = p01.add(v01.mul(a00));
        ShortVector v10 = w0.lanewise(VectorOperators.LSHR, 2).reinterpretAsShorts();
        ShortVector v11 = w1.lanewise(VectorOperators.LSHR, 2).reinterpretAsShorts();
        ShortVector a10 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        p00 = p00.add(v10.mul(a10));
        p01 = p01.add(v11.mul(a10));
        ShortVector v20 = w0.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector v21 = w1.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector a20 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        p00 = p00.add(v20.mul(a20));
        p01 = p01.add(v21.mul(a20));
        ShortVector v30 = w0.lanewise(VectorOperators.LSHR, 6).reinterpretAsShorts();
        ShortVector v31 = w1.lanewise(VectorOperators.LSHR, 6).reinterpretAsShorts();
        ShortVector a30 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        p00 = p00.add(v30.mul(a30));
        p01 = p01.add(v31.mul(a30));
        ShortVector v40 = w0.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector v41 = w1.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector a40 =
            IntVector.broadcast(Lanes.INT, operands[operand + 4]).reinterpretAsShorts();
        p00 = p00.add(v40.mul(a40));
        p01 = p01.add(v41.mul(a40));
        ShortVector v50 = w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts();
        ShortVector v51 = w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts();
        ShortVector a50 =
            IntVector.broadcast(Lanes.INT, operands[operand + 5]).reinterpretAsShorts();
        p00 = p00.add(v50.mul(a50));
        p01 = p01.add(v51.mul(a50));
        ShortVector v60 = w0.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector v61 = w1.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector a60 =
            IntVector.broadcast(Lanes.INT, operands[operand + 6]).reinterpretAsShorts();
        p00 = p00.add(v60.mul(a60));
        p01 = p01.add(v61.mul(a60));
        ShortVector v70 = w0.lanewise(VectorOperators.LSHR, 14).reinterpretAsShorts();
        ShortVector v71 = w1.lanewise(VectorOperators.LSHR, 14).reinterpretAsShorts();
        ShortVector a70 =
            IntVector.broadcast(Lanes.INT, operands[operand + 7]).reinterpretAsShorts();
        p00 = p00.add(v70.mul(a70));
        p01 = p01.add(v71.mul(a70));
        word += step;
        operand += 8;
      }
      int sum = sumsAt + operands[entry + 1] * rows;
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
    }
  }

  /** Two tokens, one row vector. */
  static void twoTokens(
      MemorySegment packed,
      long at,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = rows * (long) Integer.BYTES;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 8;
      long word = at + operands[entry] * (4 * step);
      int operand = pass * 64;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
      ShortVector p10 = IntVector.broadcast(Lanes.INT, operands[entry + 5]).reinterpretAsShorts();
      for (int q = 0; q < 4; q++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        ShortVector v00 = w0.reinterpretAsShorts();
        ShortVector a00 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        p00 = p00.add(v00.mul(a00));
        ShortVector a01 =
            IntVector.broadcast(Lanes.INT, operands[operand + 8]).reinterpretAsShorts();
        p10 = p10.add(v00.mul(a01));
        ShortVector v10 = w0.lanewise(VectorOperators.LSHR, 2).reinterpretAsShorts();
        ShortVector a10 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        p00 = p00.add(v10.mul(a10));
        ShortVector a11 =
            IntVector.broadcast(Lanes.INT, operands[operand + 9]).reinterpretAsShorts();
        p10 = p10.add(v10.mul(a11));
        ShortVector v20 = w0.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector a20 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        p00 = p00.add(v20.mul(a20));
        ShortVector a21 =
            IntVector.broadcast(Lanes.INT, operands[operand + 10]).reinterpretAsShorts();
        p10 = p10.add(v20.mul(a21));
        ShortVector v30 = w0.lanewise(VectorOperators.LSHR, 6).reinterpretAsShorts();
        ShortVector a30 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        p00 = p00.add(v30.mul(a30));
        ShortVector a31 =
            IntVector.broadcast(Lanes.INT, operands[operand + 11]).reinterpretAsShorts();
        p10 = p10.add(v30.mul(a31));
        ShortVector v40 = w0.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector a40 =
            IntVector.broadcast(Lanes.INT, operands[operand + 4]).reinterpretAsShorts();
        p00 = p00.add(v40.mul(a40));
        ShortVector a41 =
            IntVector.broadcast(Lanes.INT, operands[operand + 12]).reinterpretAsShorts();
        p10 = p10.add(v40.mul(a41));
        ShortVector v50 = w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts();
        ShortVector a50 =
            IntVector.broadcast(Lanes.INT, operands[operand + 5]).reinterpretAsShorts();
        p00 = p00.add(v50.mul(a50));
        ShortVector a51 =
            IntVector.broadcast(Lanes.INT, operands[operand + 13]).reinterpretAsShorts();
        p10 = p10.add(v50.mul(a51));
        ShortVector v60 = w0.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector a60 =
            IntVector.broadcast(Lanes.INT, operands[operand + 6]).reinterpretAsShorts();
        p00 = p00.add(v60.mul(a60));
        ShortVector a61 =
            IntVector.broadcast(Lanes.INT, operands[operand + 14]).reinterpretAsShorts();
        p10 = p10.add(v60.mul(a61));
        ShortVector v70 = w0.lanewise(VectorOperators.LSHR, 14).reinterpretAsShorts();
        ShortVector a70 =
            IntVector.broadcast(Lanes.INT, operands[operand + 7]).reinterpretAsShorts();
        p00 = p00.add(v70.mul(a70));
        ShortVector a71 =
            IntVector.broadcast(Lanes.INT, operands[operand + 15]).reinterpretAsShorts();
        p10 = p10.add(v70.mul(a71));
        word += step;
        operand += 16;
      }
      int sum = sumsAt + operands[entry + 1] * 2 * rows;
      IntVector i00 = p00.reinterpretAsInts();
      i00.lanewise(VectorOperators.LSHL, 16)
          .add(i00)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      sum += rows;
      IntVector i10 = p10.reinterpretAsInts();
      i10.lanewise(VectorOperators.LSHL, 16)
          .add(i10)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
    }
  }

  /** Four tokens, one row vector. */
  static void fourTokens(
      MemorySegment packed,
      long at,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = rows * (long) Integer.BYTES;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 12;
      long word = at + operands[entry] * (4 * step);
      int operand = pass * 128;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
      ShortVector p10 = IntVector.broadcast(Lanes.INT, operands[entry + 5]).reinterpretAsShorts();
      ShortVector p20 = IntVector.broadcast(Lanes.INT, operands[entry + 6]).reinterpretAsShorts();
      ShortVector p30 = IntVector.broadcast(Lanes.INT, operands[entry + 7]).reinterpretAsShorts();
      for (int q = 0; q < 4; q++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        ShortVector v00 = w0.reinterpretAsShorts();
        ShortVector a00 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        p00 = p00.add(v00.mul(a00));
        ShortVector a01 =
            IntVector.broadcast(Lanes.INT, operands[operand + 8]).reinterpretAsShorts();
        p10 = p10.add(v00.mul(a01));
        ShortVector a02 =
            IntVector.broadcast(Lanes.INT, operands[operand + 16]).reinterpretAsShorts();
        p20 = p20.add(v00.mul(a02));
        ShortVector a03 =
            IntVector.broadcast(Lanes.INT, operands[operand + 24]).reinterpretAsShorts();
        p30 = p30.add(v00.mul(a03));
        ShortVector v10 = w0.lanewise(VectorOperators.LSHR, 2).reinterpretAsShorts();
        ShortVector a10 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        p00 = p00.add(v10.mul(a10));
        ShortVector a11 =
            IntVector.broadcast(Lanes.INT, operands[operand + 9]).reinterpretAsShorts();
        p10 = p10.add(v10.mul(a11));
        ShortVector a12 =
            IntVector.broadcast(Lanes.INT, operands[operand + 17]).reinterpretAsShorts();
        p20 = p20.add(v10.mul(a12));
        ShortVector a13 =
            IntVector.broadcast(Lanes.INT, operands[operand + 25]).reinterpretAsShorts();
        p30 = p30.add(v10.mul(a13));
        ShortVector v20 = w0.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector a20 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        p00 = p00.add(v20.mul(a20));
        ShortVector a21 =
            IntVector.broadcast(Lanes.INT, operands[operand + 10]).reinterpretAsShorts();
        p10 = p10.add(v20.mul(a21));
        ShortVector a22 =
            IntVector.broadcast(Lanes.INT, operands[operand + 18]).reinterpretAsShorts();
        p20 = p20.add(v20.mul(a22));
        ShortVector a23 =
            IntVector.broadcast(Lanes.INT, operands[operand + 26]).reinterpretAsShorts();
        p30 = p30.add(v20.mul(a23));
        ShortVector v30 = w0.lanewise(VectorOperators.LSHR, 6).reinterpretAsShorts();
        ShortVector a30 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        p00 = p00.add(v30.mul(a30));
        ShortVector a31 =
            IntVector.broadcast(Lanes.INT, operands[operand + 11]).reinterpretAsShorts();
        p10 = p10.add(v30.mul(a31));
        ShortVector a32 =
            IntVector.broadcast(Lanes.INT, operands[operand + 19]).reinterpretAsShorts();
        p20 = p20.add(v30.mul(a32));
        ShortVector a33 =
            IntVector.broadcast(Lanes.INT, operands[operand + 27]).reinterpretAsShorts();
        p30 = p30.add(v30.mul(a33));
        ShortVector v40 = w0.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector a40 =
            IntVector.broadcast(Lanes.INT, operands[operand + 4]).reinterpretAsShorts();
        p00 = p00.add(v40.mul(a40));
        ShortVector a41 =
            IntVector.broadcast(Lanes.INT, operands[operand + 12]).reinterpretAsShorts();
        p10 = p10.add(v40.mul(a41));
        ShortVector a42 =
            IntVector.broadcast(Lanes.INT, operands[operand + 20]).reinterpretAsShorts();
        p20 = p20.add(v40.mul(a42));
        ShortVector a43 =
            IntVector.broadcast(Lanes.INT, operands[operand + 28]).reinterpretAsShorts();
        p30 = p30.add(v40.mul(a43));
        ShortVector v50 = w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts();
        ShortVector a50 =
            IntVector.broadcast(Lanes.INT, operands[operand + 5]).reinterpretAsShorts();
        p00 = p00.add(v50.mul(a50));
        ShortVector a51 =
            IntVector.broadcast(Lanes.INT, operands[operand + 13]).reinterpretAsShorts();
        p10 = p10.add(v50.mul(a51));
        ShortVector a52 =
            IntVector.broadcast(Lanes.INT, operands[operand + 21]).reinterpretAsShorts();
        p20 = p20.add(v50.mul(a52));
        ShortVector a53 =
            IntVector.broadcast(Lanes.INT, operands[operand + 29]).reinterpretAsShorts();
        p30 = p30.add(v50.mul(a53));
        ShortVector v60 = w0.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector a60 =
            IntVector.broadcast(Lanes.INT, operands[operand + 6]).reinterpretAsShorts();
        p00 = p00.add(v60.mul(a60));
        ShortVector a61 =
            IntVector.broadcast(Lanes.INT, operands[operand + 14]).reinterpretAsShorts();
        p10 = p10.add(v60.mul(a61));
        ShortVector a62 =
            IntVector.broadcast(Lanes.INT, operands[operand + 22]).reinterpretAsShorts();
        p20 = p20.add(v60.mul(a62));
        ShortVector a63 =
            IntVector.broadcast(Lanes.INT, operands[operand + 30]).reinterpretAsShorts();
        p30 = p30.add(v60.mul(a63));
        ShortVector v70 = w0.lanewise(VectorOperators.LSHR, 14).reinterpretAsShorts();
        ShortVector a70 =
            IntVector.broadcast(Lanes.INT, operands[operand + 7]).reinterpretAsShorts();
        p00 = p00.add(v70.mul(a70));
        ShortVector a71 =
            IntVector.broadcast(Lanes.INT, operands[operand + 15]).reinterpretAsShorts();
        p10 = p10.add(v70.mul(a71));
        ShortVector a72 =
            IntVector.broadcast(Lanes.INT, operands[operand + 23]).reinterpretAsShorts();
        p20 = p20.add(v70.mul(a72));
        ShortVector a73 =
            IntVector.broadcast(Lanes.INT, operands[operand + 31]).reinterpretAsShorts();
        p30 = p30.add(v70.mul(a73));
        word += step;
        operand += 32;
      }
      int sum = sumsAt + operands[entry + 1] * 4 * rows;
      IntVector i00 = p00.reinterpretAsInts();
      i00.lanewise(VectorOperators.LSHL, 16)
          .add(i00)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      sum += rows;
      IntVector i10 = p10.reinterpretAsInts();
      i10.lanewise(VectorOperators.LSHL, 16)
          .add(i10)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      sum += rows;
      IntVector i20 = p20.reinterpretAsInts();
      i20.lanewise(VectorOperators.LSHL, 16)
          .add(i20)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      sum += rows;
      IntVector i30 = p30.reinterpretAsInts();
      i30.lanewise(VectorOperators.LSHL, 16)
          .add(i30)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
    }
  }
}
