// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loop of {@link NibbleMultiply} for four tokens and segments of one run; see {@link
 * NibbleScaledLoops}.
 */
final class NibbleScaledLoops4 {
  private static final int L = Lanes.FLOATS;

  /** From a word to the next one of the same rows. */
  private static final int STEP = NibbleMultiply.ROW_VECTORS * L;

  private NibbleScaledLoops4() {}

  /** Four tokens, four row vectors. */
  static void fourTokens(
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
      int entry = planAt + (firstRun + s - first) * 12;
      int word = at + operands[entry] * words * STEP;
      int operand = operands[entry + 2] * 16 * words;
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
        word += STEP;
        operand += 12;
      }
      int scale = scalesAt + s * STEP;
      int start0 = tile.starts[tile.offset + s * 4 + 0];
      float factor0 = tile.scales[tile.offset + s];
      int start1 = tile.starts[tile.offset + s * 4 + 1];
      float factor1 = tile.scales[tile.offset + segments + s];
      int start2 = tile.starts[tile.offset + s * 4 + 2];
      float factor2 = tile.scales[tile.offset + 2 * segments + s];
      int start3 = tile.starts[tile.offset + s * 4 + 3];
      float factor3 = tile.scales[tile.offset + 3 * segments + s];
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
      IntVector i20 = p20.reinterpretAsInts();
      ((FloatVector)
              i20.lanewise(VectorOperators.LSHL, 16)
                  .add(i20)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start2)
                  .convert(VectorOperators.I2F, 0))
          .fma(s0.mul(factor2), FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * rows))
          .intoArray(outputs, 2 * rows);
      IntVector i21 = p21.reinterpretAsInts();
      ((FloatVector)
              i21.lanewise(VectorOperators.LSHL, 16)
                  .add(i21)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start2)
                  .convert(VectorOperators.I2F, 0))
          .fma(s1.mul(factor2), FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * rows + L))
          .intoArray(outputs, 2 * rows + L);
      IntVector i22 = p22.reinterpretAsInts();
      ((FloatVector)
              i22.lanewise(VectorOperators.LSHL, 16)
                  .add(i22)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start2)
                  .convert(VectorOperators.I2F, 0))
          .fma(s2.mul(factor2), FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * rows + 2 * L))
          .intoArray(outputs, 2 * rows + 2 * L);
      IntVector i23 = p23.reinterpretAsInts();
      ((FloatVector)
              i23.lanewise(VectorOperators.LSHL, 16)
                  .add(i23)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start2)
                  .convert(VectorOperators.I2F, 0))
          .fma(s3.mul(factor2), FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * rows + 3 * L))
          .intoArray(outputs, 2 * rows + 3 * L);
      IntVector i30 = p30.reinterpretAsInts();
      ((FloatVector)
              i30.lanewise(VectorOperators.LSHL, 16)
                  .add(i30)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start3)
                  .convert(VectorOperators.I2F, 0))
          .fma(s0.mul(factor3), FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * rows))
          .intoArray(outputs, 3 * rows);
      IntVector i31 = p31.reinterpretAsInts();
      ((FloatVector)
              i31.lanewise(VectorOperators.LSHL, 16)
                  .add(i31)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start3)
                  .convert(VectorOperators.I2F, 0))
          .fma(s1.mul(factor3), FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * rows + L))
          .intoArray(outputs, 3 * rows + L);
      IntVector i32 = p32.reinterpretAsInts();
      ((FloatVector)
              i32.lanewise(VectorOperators.LSHL, 16)
                  .add(i32)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start3)
                  .convert(VectorOperators.I2F, 0))
          .fma(s2.mul(factor3), FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * rows + 2 * L))
          .intoArray(outputs, 3 * rows + 2 * L);
      IntVector i33 = p33.reinterpretAsInts();
      ((FloatVector)
              i33.lanewise(VectorOperators.LSHL, 16)
                  .add(i33)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(start3)
                  .convert(VectorOperators.I2F, 0))
          .fma(s3.mul(factor3), FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * rows + 3 * L))
          .intoArray(outputs, 3 * rows + 3 * L);
    }
  }
}
