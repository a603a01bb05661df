// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link NibbleMultiply}, one for each number of tokens and words of a unit.
 *
 * <p>They are written out, not parameterised: a loop whose length the compiler knows and that has
 * no calls keeps everything in registers. No helper method may take or return a vector here; the
 * compiler gives up inlining such helpers in methods of this size, and then every vector is an
 * object.
 *
 * <p>Parameters: {@code packed} words with those of the first row vector at {@code at} and a {@code
 * stride} to the next; a {@code tile} that {@link WordMultiply#prepare} filled, its plan's entries
 * from {@code planAt}; passes {@code from} to {@code to}; {@code sums}, those of the first row of
 * segment 0 at {@code sumsAt} (which need not exist), with {@code rows} rows in a block.
 */
final class NibbleLoops {
  private static final int L = Lanes.FLOATS;

  private NibbleLoops() {}

  /** One token, four row vectors, 64 inputs. */
  static void oneToken8(
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
    int[] plan = tile.plan;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 3;
      int word = at + plan[entry] * 8 * L;
      int operand = pass * 32;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, plan[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      for (int q = 0; q < 8; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + stride);
        IntVector w2 = IntVector.fromArray(Lanes.INT, packed, word + 2 * stride);
        IntVector w3 = IntVector.fromArray(Lanes.INT, packed, word + 3 * stride);
        ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        ShortVector a1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        ShortVector a2 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        ShortVector a3 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        p00 =
            p00.add(
                w0.reinterpretAsShorts()
                    .mul(a0)
                    .add(w0.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w0.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w0.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        p01 =
            p01.add(
                w1.reinterpretAsShorts()
                    .mul(a0)
                    .add(w1.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w1.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w1.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        p02 =
            p02.add(
                w2.reinterpretAsShorts()
                    .mul(a0)
                    .add(w2.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w2.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w2.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        p03 =
            p03.add(
                w3.reinterpretAsShorts()
                    .mul(a0)
                    .add(w3.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w3.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w3.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        word += L;
        operand += 4;
      }
      int sum = sumsAt + plan[entry + 1] * rows;
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
    }
  }

  /** One token, four row vectors, 32 inputs. */
  static void oneToken4(
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
    int[] plan = tile.plan;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 3;
      int word = at + plan[entry] * 4 * L;
      int operand = pass * 16;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, plan[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      for (int q = 0; q < 4; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + stride);
        IntVector w2 = IntVector.fromArray(Lanes.INT, packed, word + 2 * stride);
        IntVector w3 = IntVector.fromArray(Lanes.INT, packed, word + 3 * stride);
        ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        ShortVector a1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        ShortVector a2 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        ShortVector a3 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        p00 =
            p00.add(
                w0.reinterpretAsShorts()
                    .mul(a0)
                    .add(w0.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w0.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w0.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        p01 =
            p01.add(
                w1.reinterpretAsShorts()
                    .mul(a0)
                    .add(w1.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w1.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w1.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        p02 =
            p02.add(
                w2.reinterpretAsShorts()
                    .mul(a0)
                    .add(w2.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w2.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w2.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        p03 =
            p03.add(
                w3.reinterpretAsShorts()
                    .mul(a0)
                    .add(w3.lanewise(VectorOperators.LSHR, 4).reinterpretAsShorts().mul(a1))
                    .add(
                        w3.lanewise(VectorOperators.LSHR, 8)
                            .reinterpretAsShorts()
                            .mul(a2)
                            .add(
                                w3.lanewise(VectorOperators.LSHR, 12)
                                    .reinterpretAsShorts()
                                    .mul(a3))));
        word += L;
        operand += 4;
      }
      int sum = sumsAt + plan[entry + 1] * rows;
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
    }
  }

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
    int[] plan = tile.plan;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 4;
      int word = at + plan[entry] * 8 * L;
      int operand = pass * 64;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, plan[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p10 = IntVector.broadcast(Lanes.INT, plan[entry + 3]).reinterpretAsShorts();
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
      int sum = sumsAt + plan[entry + 1] * 2 * rows;
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
    int[] plan = tile.plan;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 4;
      int word = at + plan[entry] * 4 * L;
      int operand = pass * 32;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, plan[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p10 = IntVector.broadcast(Lanes.INT, plan[entry + 3]).reinterpretAsShorts();
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
      int sum = sumsAt + plan[entry + 1] * 2 * rows;
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
