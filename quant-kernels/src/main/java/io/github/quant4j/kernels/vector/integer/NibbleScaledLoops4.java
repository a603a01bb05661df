// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loop of {@link NibbleMultiply} for four tokens and rows that have nothing but scales
 * and perhaps zero points; see {@link NibbleScaledLoops}.
 *
 * <p>Two row vectors at a time, one after the other in each segment: with the sums of four vectors
 * and four tokens the method is too large for the compiler, which then multiplies with objects.
 */
final class NibbleScaledLoops4 {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private NibbleScaledLoops4() {}

  /** Four tokens, four row vectors. */
  static void fourTokens(
      MemorySegment packed,
      long at,
      int words,
      Tile tile,
      SegmentLayout layout,
      RowParameters parameters,
      int row,
      float[] outputs,
      int rows) {
    int[] operands = tile.operands;
    int planAt = RunPlan.entriesAt(tile, layout);
    int segments = layout.segments();
    long step = rows * (long) Integer.BYTES;
    MemorySegment scales = parameters.scales();
    long scalesAt = parameters.scaleAt(row);
    boolean hasZeros = parameters.hasZeros();
    MemorySegment zeros = parameters.zeros();
    long zerosAt = parameters.zeroAt(row);
    for (int s = 0; s < segments; s++) {
      int end = RunPlan.firstRun(tile, s + 1);
      int begin = RunPlan.firstRun(tile, s);
      int start0 = tile.starts[tile.offset + s * 4];
      int start1 = tile.starts[tile.offset + s * 4 + 1];
      int start2 = tile.starts[tile.offset + s * 4 + 2];
      int start3 = tile.starts[tile.offset + s * 4 + 3];
      float factor0 = tile.scales[tile.offset + s];
      float factor1 = tile.scales[tile.offset + segments + s];
      float factor2 = tile.scales[tile.offset + 2 * segments + s];
      float factor3 = tile.scales[tile.offset + 3 * segments + s];
      int sum0 = tile.valueSums[tile.offset + s];
      int sum1 = tile.valueSums[tile.offset + segments + s];
      int sum2 = tile.valueSums[tile.offset + 2 * segments + s];
      int sum3 = tile.valueSums[tile.offset + 3 * segments + s];
      for (int half = 0; half < 4; half += 2) {
        IntVector i00 = IntVector.broadcast(Lanes.INT, start0);
        IntVector i01 = i00;
        IntVector i10 = IntVector.broadcast(Lanes.INT, start1);
        IntVector i11 = i10;
        IntVector i20 = IntVector.broadcast(Lanes.INT, start2);
        IntVector i21 = i20;
        IntVector i30 = IntVector.broadcast(Lanes.INT, start3);
        IntVector i31 = i30;
        int run = begin;
        do {
          int entry = planAt + run * 12;
          long word = at + half * BYTES + (long) operands[entry] * words * step;
          int operand = operands[entry + 2] * 16 * words;
          ShortVector p00 =
              IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
          ShortVector p01 = p00;
          ShortVector p10 =
              IntVector.broadcast(Lanes.INT, operands[entry + 5]).reinterpretAsShorts();
          ShortVector p11 = p10;
          ShortVector p20 =
              IntVector.broadcast(Lanes.INT, operands[entry + 6]).reinterpretAsShorts();
          ShortVector p21 = p20;
          ShortVector p30 =
              IntVector.broadcast(Lanes.INT, operands[entry + 7]).reinterpretAsShorts();
          ShortVector p31 = p30;
          int count = operands[entry + 3] * words;
          for (int q = 0; q < count; q++) {
            IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
            IntVector w1 = IntVector.fromMemorySegment(Lanes.INT, packed, word + BYTES, ORDER);
            for (int view = 0; view < 4; view++) {
              ShortVector a0 =
                  IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
              p00 = p00.add(w0.reinterpretAsShorts().mul(a0));
              p01 = p01.add(w1.reinterpretAsShorts().mul(a0));
              ShortVector a1 =
                  IntVector.broadcast(Lanes.INT, operands[operand + 4]).reinterpretAsShorts();
              p10 = p10.add(w0.reinterpretAsShorts().mul(a1));
              p11 = p11.add(w1.reinterpretAsShorts().mul(a1));
              ShortVector a2 =
                  IntVector.broadcast(Lanes.INT, operands[operand + 8]).reinterpretAsShorts();
              p20 = p20.add(w0.reinterpretAsShorts().mul(a2));
              p21 = p21.add(w1.reinterpretAsShorts().mul(a2));
              ShortVector a3 =
                  IntVector.broadcast(Lanes.INT, operands[operand + 12]).reinterpretAsShorts();
              p30 = p30.add(w0.reinterpretAsShorts().mul(a3));
              p31 = p31.add(w1.reinterpretAsShorts().mul(a3));
              w0 = w0.lanewise(VectorOperators.LSHR, 4);
              w1 = w1.lanewise(VectorOperators.LSHR, 4);
              operand++;
            }
            word += step;
            operand += 12;
          }
          IntVector r00 = p00.reinterpretAsInts();
          i00 =
              r00.lanewise(VectorOperators.LSHL, 16)
                  .add(r00)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i00);
          IntVector r01 = p01.reinterpretAsInts();
          i01 =
              r01.lanewise(VectorOperators.LSHL, 16)
                  .add(r01)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i01);
          IntVector r10 = p10.reinterpretAsInts();
          i10 =
              r10.lanewise(VectorOperators.LSHL, 16)
                  .add(r10)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i10);
          IntVector r11 = p11.reinterpretAsInts();
          i11 =
              r11.lanewise(VectorOperators.LSHL, 16)
                  .add(r11)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i11);
          IntVector r20 = p20.reinterpretAsInts();
          i20 =
              r20.lanewise(VectorOperators.LSHL, 16)
                  .add(r20)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i20);
          IntVector r21 = p21.reinterpretAsInts();
          i21 =
              r21.lanewise(VectorOperators.LSHL, 16)
                  .add(r21)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i21);
          IntVector r30 = p30.reinterpretAsInts();
          i30 =
              r30.lanewise(VectorOperators.LSHL, 16)
                  .add(r30)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i30);
          IntVector r31 = p31.reinterpretAsInts();
          i31 =
              r31.lanewise(VectorOperators.LSHL, 16)
                  .add(r31)
                  .lanewise(VectorOperators.LSHR, 16)
                  .add(i31);
          run++;
        } while (run < end);
        if (hasZeros) {
          long zero = zerosAt + s * (step / 2) + half / 2 * BYTES;
          IntVector pair0 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero, ORDER);
          IntVector z0 =
              pair0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
          IntVector z1 = pair0.lanewise(VectorOperators.ASHR, 16);
          i00 = i00.sub(z0.mul(sum0));
          i01 = i01.sub(z1.mul(sum0));
          i10 = i10.sub(z0.mul(sum1));
          i11 = i11.sub(z1.mul(sum1));
          i20 = i20.sub(z0.mul(sum2));
          i21 = i21.sub(z1.mul(sum2));
          i30 = i30.sub(z0.mul(sum3));
          i31 = i31.sub(z1.mul(sum3));
        }
        long scale = scalesAt + s * step + half * BYTES;
        FloatVector s0 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale, ORDER);
        FloatVector s1 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + BYTES, ORDER);
        int y = half * L;
        ((FloatVector) i00.convert(VectorOperators.I2F, 0))
            .fma(s0.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, y))
            .intoArray(outputs, y);
        ((FloatVector) i01.convert(VectorOperators.I2F, 0))
            .fma(s1.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, y + L))
            .intoArray(outputs, y + L);
        ((FloatVector) i10.convert(VectorOperators.I2F, 0))
            .fma(s0.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, y + rows))
            .intoArray(outputs, y + rows);
        ((FloatVector) i11.convert(VectorOperators.I2F, 0))
            .fma(s1.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, y + rows + L))
            .intoArray(outputs, y + rows + L);
        ((FloatVector) i20.convert(VectorOperators.I2F, 0))
            .fma(s0.mul(factor2), FloatVector.fromArray(Lanes.FLOAT, outputs, y + 2 * rows))
            .intoArray(outputs, y + 2 * rows);
        ((FloatVector) i21.convert(VectorOperators.I2F, 0))
            .fma(s1.mul(factor2), FloatVector.fromArray(Lanes.FLOAT, outputs, y + 2 * rows + L))
            .intoArray(outputs, y + 2 * rows + L);
        ((FloatVector) i30.convert(VectorOperators.I2F, 0))
            .fma(s0.mul(factor3), FloatVector.fromArray(Lanes.FLOAT, outputs, y + 3 * rows))
            .intoArray(outputs, y + 3 * rows);
        ((FloatVector) i31.convert(VectorOperators.I2F, 0))
            .fma(s1.mul(factor3), FloatVector.fromArray(Lanes.FLOAT, outputs, y + 3 * rows + L))
            .intoArray(outputs, y + 3 * rows + L);
      }
    }
  }
}
