// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link NibbleMultiply} for segments that are one run each and have nothing but
 * a scale: sums are scaled while they are in registers. See {@link NibbleLoops}.
 *
 * <p>Parameters: {@code packed} words with those of the first row vector of a block at {@code at};
 * {@code words} of a unit; a {@code tile} that {@link WordMultiply#prepare} filled, the entries of
 * its {@link RunPlan} from {@code planAt}; segments {@code first} to {@code last} of all {@code
 * segments}; {@code scales}, those of the block at {@code scalesAt}; {@code outputs}, added to,
 * with {@code rows} rows to a token.
 */
final class NibbleScaledLoops {
  private static final int L = Lanes.FLOATS;

  /** From a word to the next one of the same rows. */
  private static final int STEP = NibbleMultiply.ROW_VECTORS * L;

  private NibbleScaledLoops() {}

  /** One token, four row vectors. */
  static void oneToken(
      int[] packed,
      int at,
      int words,
      Tile tile,
      int planAt,
      int first,
      int last,
      int segments,
      float[] scales,
      int scalesAt,
      float[] outputs) {
    int[] operands = tile.operands;
    FloatVector y0 = FloatVector.fromArray(Lanes.FLOAT, outputs, 0);
    FloatVector y1 = FloatVector.fromArray(Lanes.FLOAT, outputs, L);
    FloatVector y2 = FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * L);
    FloatVector y3 = FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * L);
    int firstRun = RunPlan.firstRun(tile, first);
    for (int s = first; s < last; s++) {
      int entry = planAt + (firstRun + s - first) * 6;
      int word = at + operands[entry] * words * STEP;
      int operand = operands[entry + 2] * 4 * words;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      int count = operands[entry + 3] * words;
      for (int q = 0; q < count; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + L);
        IntVector w2 = IntVector.fromArray(Lanes.INT, packed, word + 2 * L);
        IntVector w3 = IntVector.fromArray(Lanes.INT, packed, word + 3 * L);
        for (int view = 0; view < 4; view++) {
          ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
          p00 = p00.add(w0.reinterpretAsShorts().mul(a0));
          p01 = p01.add(w1.reinterpretAsShorts().mul(a0));
          p02 = p02.add(w2.reinterpretAsShorts().mul(a0));
          p03 = p03.add(w3.reinterpretAsShorts().mul(a0));
          w0 = w0.lanewise(VectorOperators.LSHR, 4);
          w1 = w1.lanewise(VectorOperators.LSHR, 4);
          w2 = w2.lanewise(VectorOperators.LSHR, 4);
          w3 = w3.lanewise(VectorOperators.LSHR, 4);
          operand++;
        }
        word += STEP;
      }
      int scale = scalesAt + s * STEP;
      int start0 = tile.starts[tile.offset + s];
      float factor0 = tile.scales[tile.offset + s];
      FloatVector s0 = FloatVector.fromArray(Lanes.FLOAT, scales, scale);
      FloatVector s1 = FloatVector.fromArray(Lanes.FLOAT, scales, scale + L);
      FloatVector s2 = FloatVector.fromArray(Lanes.FLOAT, scales, scale + 2 * L);
      FloatVector s3 = FloatVector.fromArray(Lanes.FLOAT, scales, scale + 3 * L);
      IntVector i00 = p00.reinterpretAsInts();
      y0 =
          ((FloatVector)
                  i00.lanewise(VectorOperators.LSHL, 16)
                      .add(i00)
                      .lanewise(VectorOperators.LSHR, 16)
                      .add(start0)
                      .convert(VectorOperators.I2F, 0))
              .fma(s0.mul(factor0), y0);
      IntVector i01 = p01.reinterpretAsInts();
      y1 =
          ((FloatVector)
                  i01.lanewise(VectorOperators.LSHL, 16)
                      .add(i01)
                      .lanewise(VectorOperators.LSHR, 16)
                      .add(start0)
                      .convert(VectorOperators.I2F, 0))
              .fma(s1.mul(factor0), y1);
      IntVector i02 = p02.reinterpretAsInts();
      y2 =
          ((FloatVector)
                  i02.lanewise(VectorOperators.LSHL, 16)
                      .add(i02)
                      .lanewise(VectorOperators.LSHR, 16)
                      .add(start0)
                      .convert(VectorOperators.I2F, 0))
              .fma(s2.mul(factor0), y2);
      IntVector i03 = p03.reinterpretAsInts();
      y3 =
          ((FloatVector)
                  i03.lanewise(VectorOperators.LSHL, 16)
                      .add(i03)
                      .lanewise(VectorOperators.LSHR, 16)
                      .add(start0)
                      .convert(VectorOperators.I2F, 0))
              .fma(s3.mul(factor0), y3);
    }
    y0.intoArray(outputs, 0);
    y1.intoArray(outputs, L);
    y2.intoArray(outputs, 2 * L);
    y3.intoArray(outputs, 3 * L);
  }

  /** Two tokens, four row vectors. */
  static void twoTokens(
      int[] packed,
      int at,
      int words,
      Tile tile,
      int planAt,
      int first,
      int last,
      int segments,
      float[] scales,
      int scalesAt,
      float[] outputs,
      int rows) {
    int[] operands = tile.operands;
    int firstRun = RunPlan.firstRun(tile, first);
    for (int s = first; s < last; s++) {
      int entry = planAt + (firstRun + s - first) * 8;
      int word = at + operands[entry] * words * STEP;
      int operand = operands[entry + 2] * 8 * words;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      ShortVector p10 = IntVector.broadcast(Lanes.INT, operands[entry + 5]).reinterpretAsShorts();
      ShortVector p11 = p10;
      ShortVector p12 = p10;
      ShortVector p13 = p10;
      int count = operands[entry + 3] * words;
      for (int q = 0; q < count; q++) {
        IntVector w0 = IntVector.fromArray(Lanes.INT, packed, word);
        IntVector w1 = IntVector.fromArray(Lanes.INT, packed, word + L);
        IntVector w2 = IntVector.fromArray(Lanes.INT, packed, word + 2 * L);
        IntVector w3 = IntVector.fromArray(Lanes.INT, packed, word + 3 * L);
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
          w0 = w0.lanewise(VectorOperators.LSHR, 4);
          w1 = w1.lanewise(VectorOperators.LSHR, 4);
          w2 = w2.lanewise(VectorOperators.LSHR, 4);
          w3 = w3.lanewise(VectorOperators.LSHR, 4);
          operand++;
        }
        word += STEP;
        operand += 4;
      }
      int scale = scalesAt + s * STEP;
      int start0 = tile.starts[tile.offset + s * 2 + 0];
      float factor0 = tile.scales[tile.offset + s];
      int start1 = tile.starts[tile.offset + s * 2 + 1];
      float factor1 = tile.scales[tile.offset + segments + s];
      FloatVector s0 = FloatVector.fromArray(Lanes.FLOAT, scales, scale);
      FloatVector s1 = FloatVector.fromArray(Lanes.FLOAT, scales, scale + L);
      FloatVector s2 = FloatVector.fromArray(Lanes.FLOAT, scales, scale + 2 * L);
      FloatVector s3 = FloatVector.fromArray(Lanes.FLOAT, scales, scale + 3 * L);
      IntVector i00 = p00.reinterpretAsInts();
      ((FloatVector)
              i00.lanewise(VectorOperators.LSHL, 16)
                  .add(i00)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start0)
                  .convert(VectorOperators.I2F, 0))
          .fma(s0.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, 0))
          .intoArray(outputs, 0);
      IntVector i01 = p01.reinterpretAsInts();
      ((FloatVector)
              i01.lanewise(VectorOperators.LSHL, 16)
                  .add(i01)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start0)
                  .convert(VectorOperators.I2F, 0))
          .fma(s1.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, L))
          .intoArray(outputs, L);
      IntVector i02 = p02.reinterpretAsInts();
      ((FloatVector)
              i02.lanewise(VectorOperators.LSHL, 16)
                  .add(i02)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start0)
                  .convert(VectorOperators.I2F, 0))
          .fma(s2.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * L))
          .intoArray(outputs, 2 * L);
      IntVector i03 = p03.reinterpretAsInts();
      ((FloatVector)
              i03.lanewise(VectorOperators.LSHL, 16)
                  .add(i03)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start0)
                  .convert(VectorOperators.I2F, 0))
          .fma(s3.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * L))
          .intoArray(outputs, 3 * L);
      IntVector i10 = p10.reinterpretAsInts();
      ((FloatVector)
              i10.lanewise(VectorOperators.LSHL, 16)
                  .add(i10)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start1)
                  .convert(VectorOperators.I2F, 0))
          .fma(s0.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows))
          .intoArray(outputs, rows);
      IntVector i11 = p11.reinterpretAsInts();
      ((FloatVector)
              i11.lanewise(VectorOperators.LSHL, 16)
                  .add(i11)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start1)
                  .convert(VectorOperators.I2F, 0))
          .fma(s1.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows + L))
          .intoArray(outputs, rows + L);
      IntVector i12 = p12.reinterpretAsInts();
      ((FloatVector)
              i12.lanewise(VectorOperators.LSHL, 16)
                  .add(i12)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start1)
                  .convert(VectorOperators.I2F, 0))
          .fma(s2.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows + 2 * L))
          .intoArray(outputs, rows + 2 * L);
      IntVector i13 = p13.reinterpretAsInts();
      ((FloatVector)
              i13.lanewise(VectorOperators.LSHL, 16)
                  .add(i13)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start1)
                  .convert(VectorOperators.I2F, 0))
          .fma(s3.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows + 3 * L))
          .intoArray(outputs, rows + 3 * L);
    }
  }
}
