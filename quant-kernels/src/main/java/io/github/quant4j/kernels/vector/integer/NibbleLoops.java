// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link NibbleMultiply} for one token, one for each number of words of a unit.
 *
 * <p>They are written out, not parameterised: a loop whose length the compiler knows and that has
 * no calls keeps everything in registers. No helper method may take or return a vector here; the
 * compiler gives up inlining such helpers in methods of this size, and then every vector is an
 * object.
 *
 * <p>Parameters: {@code packed} words with those of the first row vector at {@code at}; a {@code
 * tile} that {@link WordMultiply#prepare} filled, its plan of passes from {@code planAt}; passes
 * {@code from} to {@code to}; {@code sums}, those of the first row of segment 0 at {@code sumsAt}
 * (which need not exist), with {@code rows} rows in a block.
 */
final class NibbleLoops {
  private static final int L = Lanes.FLOATS;

  /** From a word to the next one of the same rows. */
  private static final int STEP = NibbleMultiply.ROW_VECTORS * L;

  private NibbleLoops() {}

  /** One token, four row vectors, 64 inputs. */
  static void oneToken8(
      int[] packed,
      int at,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 3;
      int word = at + operands[entry] * 8 * STEP;
      int operand = pass * 32;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      for (int q = 0; q < 8; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + L);
        IntVector w2 = IntVector.fromArray(Lanes.INT, packed, word + 2 * L);
        IntVector w3 = IntVector.fromArray(Lanes.INT, packed, word + 3 * L);
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
        word += STEP;
        operand += 4;
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
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    for (int pass = from; pass < to; pass++) {
      int entry = planAt + pass * 3;
      int word = at + operands[entry] * 4 * STEP;
      int operand = pass * 16;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 2]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      for (int q = 0; q < 4; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + L);
        IntVector w2 = IntVector.fromArray(Lanes.INT, packed, word + 2 * L);
        IntVector w3 = IntVector.fromArray(Lanes.INT, packed, word + 3 * L);
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
        word += STEP;
        operand += 4;
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
}
