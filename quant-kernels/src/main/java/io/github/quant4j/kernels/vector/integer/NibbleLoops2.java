// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** The inner loops of {@link NibbleMultiply} for two tokens; see {@link NibbleLoops}. */
final class NibbleLoops2 {
  private static final int L = Lanes.FLOATS;

  private NibbleLoops2() {}

  /** Two tokens, two row vectors, 64 inputs. */
  static void twoTokens8(
      int[] packed,
      int at,
      int stride,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 4;
      int word = at + operands[entry] * 8 * L;
      int operand = pass * 64;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p10 = IntVector.broadcast(Lanes.INT, operands[entry + 3]).reinterpretAsShorts();
      ShortVector p11 = p10;
      for (int q = 0; q < 8; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + stride);
        ShortVector v00 = w0.reinterpretAsShorts();
        ShortVector v01 = w1.reinterpretAsShorts();
        ShortVector v10 = w0.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector v11 = w1.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector v20 = w0.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector v21 = w1.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector v30 = w0.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector v31 = w1.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector a00 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        ShortVector a01 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        ShortVector a02 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        ShortVector a03 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        p00 = p00.add(v00.mul(a00)).add(v10.mul(a01)).add(v20.mul(a02)).add(v30.mul(a03));
        p01 = p01.add(v01.mul(a00)).add(v11.mul(a01)).add(v21.mul(a02)).add(v31.mul(a03));
        ShortVector a10 =
            IntVector.broadcast(Lanes.INT, operands[operand + 32]).reinterpretAsShorts();
        ShortVector a11 =
            IntVector.broadcast(Lanes.INT, operands[operand + 33]).reinterpretAsShorts();
        ShortVector a12 =
            IntVector.broadcast(Lanes.INT, operands[operand + 34]).reinterpretAsShorts();
        ShortVector a13 =
            IntVector.broadcast(Lanes.INT, operands[operand + 35]).reinterpretAsShorts();
        p10 = p10.add(v00.mul(a10)).add(v10.mul(a11)).add(v20.mul(a12)).add(v30.mul(a13));
        p11 = p11.add(v01.mul(a10)).add(v11.mul(a11)).add(v21.mul(a12)).add(v31.mul(a13));
        word += L;
        operand += 4;
      }
      int sum = sumsAt + operands[entry + 1] * 2 * rows;
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
    }
  }

  /** Two tokens, two row vectors, 32 inputs. */
  static void twoTokens4(
      int[] packed,
      int at,
      int stride,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 4;
      int word = at + operands[entry] * 4 * L;
      int operand = pass * 32;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p10 = IntVector.broadcast(Lanes.INT, operands[entry + 3]).reinterpretAsShorts();
      ShortVector p11 = p10;
      for (int q = 0; q < 4; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + stride);
        ShortVector v00 = w0.reinterpretAsShorts();
        ShortVector v01 = w1.reinterpretAsShorts();
        ShortVector v10 = w0.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector v11 = w1.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts();
        ShortVector v20 = w0.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector v21 = w1.lanewise(VectorOperators.LSHR, 8).reinterpretAsShorts();
        ShortVector v30 = w0.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector v31 = w1.lanewise(VectorOperators.LSHR, 12).reinterpretAsShorts();
        ShortVector a00 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        ShortVector a01 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        ShortVector a02 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        ShortVector a03 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        p00 = p00.add(v00.mul(a00)).add(v10.mul(a01)).add(v20.mul(a02)).add(v30.mul(a03));
        p01 = p01.add(v01.mul(a00)).add(v11.mul(a01)).add(v21.mul(a02)).add(v31.mul(a03));
        ShortVector a10 =
            IntVector.broadcast(Lanes.INT, operands[operand + 16]).reinterpretAsShorts();
        ShortVector a11 =
            IntVector.broadcast(Lanes.INT, operands[operand + 17]).reinterpretAsShorts();
        ShortVector a12 =
            IntVector.broadcast(Lanes.INT, operands[operand + 18]).reinterpretAsShorts();
        ShortVector a13 =
            IntVector.broadcast(Lanes.INT, operands[operand + 19]).reinterpretAsShorts();
        p10 = p10.add(v00.mul(a10)).add(v10.mul(a11)).add(v20.mul(a12)).add(v30.mul(a13));
        p11 = p11.add(v01.mul(a10)).add(v11.mul(a11)).add(v21.mul(a12)).add(v31.mul(a13));
        word += L;
        operand += 4;
      }
      int sum = sumsAt + operands[entry + 1] * 2 * rows;
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
    }
  }
}
