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
 * The inner loops of {@link NibbleMultiply} for rows that have nothing but scales and perhaps zero
 * points: sums are shifted and scaled while they are in registers. See {@link NibbleLoops}.
 *
 * <p>Parameters: {@code packed} words with those of the first row vector of a block at {@code at};
 * {@code words} of a unit; a {@code tile} that {@link WordMultiply#prepare} filled, with the
 * segments of {@code layout}; {@code parameters} of the rows from {@code row}; {@code outputs},
 * added to, with {@code rows} rows to a token and in a block.
 */
final class NibbleScaledLoops {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private NibbleScaledLoops() {}

  /** One token, four row vectors. */
  static void oneToken(
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
    FloatVector y0 = FloatVector.fromArray(Lanes.FLOAT, outputs, 0);
    FloatVector y1 = FloatVector.fromArray(Lanes.FLOAT, outputs, L);
    FloatVector y2 = FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * L);
    FloatVector y3 = FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * L);
    int run = 0;
    for (int s = 0; s < segments; s++) {
      IntVector i00 = IntVector.broadcast(Lanes.INT, tile.starts[tile.offset + s]);
      IntVector i01 = i00;
      IntVector i02 = i00;
      IntVector i03 = i00;
      int end = RunPlan.firstRun(tile, s + 1);
      do {
        int entry = planAt + run * 6;
        long word = at + (long) operands[entry] * words * step;
        int operand = operands[entry + 2] * 4 * words;
        ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
        ShortVector p01 = p00;
        ShortVector p02 = p00;
        ShortVector p03 = p00;
        int count = operands[entry + 3] * words;
        for (int q = 0; q < count; q++) {
          IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
          IntVector w1 = IntVector.fromMemorySegment(Lanes.INT, packed, word + BYTES, ORDER);
          IntVector w2 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 2 * BYTES, ORDER);
          IntVector w3 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 3 * BYTES, ORDER);
          for (int view = 0; view < 4; view++) {
            ShortVector a0 =
                IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
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
          word += step;
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
        IntVector r02 = p02.reinterpretAsInts();
        i02 =
            r02.lanewise(VectorOperators.LSHL, 16)
                .add(r02)
                .lanewise(VectorOperators.LSHR, 16)
                .add(i02);
        IntVector r03 = p03.reinterpretAsInts();
        i03 =
            r03.lanewise(VectorOperators.LSHL, 16)
                .add(r03)
                .lanewise(VectorOperators.LSHR, 16)
                .add(i03);
        run++;
      } while (run < end);
      if (hasZeros) {
        long zero = zerosAt + s * (step / 2);
        IntVector pair0 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero, ORDER);
        IntVector z0 = pair0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector z1 = pair0.lanewise(VectorOperators.ASHR, 16);
        IntVector pair1 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + BYTES, ORDER);
        IntVector z2 = pair1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector z3 = pair1.lanewise(VectorOperators.ASHR, 16);
        int sum0 = tile.valueSums[tile.offset + s];
        i00 = i00.sub(z0.mul(sum0));
        i01 = i01.sub(z1.mul(sum0));
        i02 = i02.sub(z2.mul(sum0));
        i03 = i03.sub(z3.mul(sum0));
      }
      long scale = scalesAt + s * step;
      float factor0 = tile.scales[tile.offset + s];
      FloatVector s0 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale, ORDER);
      FloatVector s1 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + BYTES, ORDER);
      FloatVector s2 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 2 * BYTES, ORDER);
      FloatVector s3 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 3 * BYTES, ORDER);
      y0 = ((FloatVector) i00.convert(VectorOperators.I2F, 0)).fma(s0.mul(factor0), y0);
      y1 = ((FloatVector) i01.convert(VectorOperators.I2F, 0)).fma(s1.mul(factor0), y1);
      y2 = ((FloatVector) i02.convert(VectorOperators.I2F, 0)).fma(s2.mul(factor0), y2);
      y3 = ((FloatVector) i03.convert(VectorOperators.I2F, 0)).fma(s3.mul(factor0), y3);
    }
    y0.intoArray(outputs, 0);
    y1.intoArray(outputs, L);
    y2.intoArray(outputs, 2 * L);
    y3.intoArray(outputs, 3 * L);
  }

  /** Two tokens, four row vectors. */
  static void twoTokens(
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
    int run = 0;
    for (int s = 0; s < segments; s++) {
      IntVector i00 = IntVector.broadcast(Lanes.INT, tile.starts[tile.offset + s * 2]);
      IntVector i01 = i00;
      IntVector i02 = i00;
      IntVector i03 = i00;
      IntVector i10 = IntVector.broadcast(Lanes.INT, tile.starts[tile.offset + s * 2 + 1]);
      IntVector i11 = i10;
      IntVector i12 = i10;
      IntVector i13 = i10;
      int end = RunPlan.firstRun(tile, s + 1);
      do {
        int entry = planAt + run * 8;
        long word = at + (long) operands[entry] * words * step;
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
          IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
          IntVector w1 = IntVector.fromMemorySegment(Lanes.INT, packed, word + BYTES, ORDER);
          IntVector w2 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 2 * BYTES, ORDER);
          IntVector w3 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 3 * BYTES, ORDER);
          for (int view = 0; view < 4; view++) {
            ShortVector a0 =
                IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
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
          word += step;
          operand += 4;
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
        IntVector r02 = p02.reinterpretAsInts();
        i02 =
            r02.lanewise(VectorOperators.LSHL, 16)
                .add(r02)
                .lanewise(VectorOperators.LSHR, 16)
                .add(i02);
        IntVector r03 = p03.reinterpretAsInts();
        i03 =
            r03.lanewise(VectorOperators.LSHL, 16)
                .add(r03)
                .lanewise(VectorOperators.LSHR, 16)
                .add(i03);
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
        IntVector r12 = p12.reinterpretAsInts();
        i12 =
            r12.lanewise(VectorOperators.LSHL, 16)
                .add(r12)
                .lanewise(VectorOperators.LSHR, 16)
                .add(i12);
        IntVector r13 = p13.reinterpretAsInts();
        i13 =
            r13.lanewise(VectorOperators.LSHL, 16)
                .add(r13)
                .lanewise(VectorOperators.LSHR, 16)
                .add(i13);
        run++;
      } while (run < end);
      if (hasZeros) {
        long zero = zerosAt + s * (step / 2);
        IntVector pair0 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero, ORDER);
        IntVector z0 = pair0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector z1 = pair0.lanewise(VectorOperators.ASHR, 16);
        IntVector pair1 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + BYTES, ORDER);
        IntVector z2 = pair1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector z3 = pair1.lanewise(VectorOperators.ASHR, 16);
        int sum0 = tile.valueSums[tile.offset + s];
        i00 = i00.sub(z0.mul(sum0));
        i01 = i01.sub(z1.mul(sum0));
        i02 = i02.sub(z2.mul(sum0));
        i03 = i03.sub(z3.mul(sum0));
        int sum1 = tile.valueSums[tile.offset + segments + s];
        i10 = i10.sub(z0.mul(sum1));
        i11 = i11.sub(z1.mul(sum1));
        i12 = i12.sub(z2.mul(sum1));
        i13 = i13.sub(z3.mul(sum1));
      }
      long scale = scalesAt + s * step;
      float factor0 = tile.scales[tile.offset + s];
      float factor1 = tile.scales[tile.offset + segments + s];
      FloatVector s0 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale, ORDER);
      FloatVector s1 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + BYTES, ORDER);
      FloatVector s2 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 2 * BYTES, ORDER);
      FloatVector s3 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 3 * BYTES, ORDER);
      ((FloatVector) i00.convert(VectorOperators.I2F, 0))
          .fma(s0.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, 0))
          .intoArray(outputs, 0);
      ((FloatVector) i01.convert(VectorOperators.I2F, 0))
          .fma(s1.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, L))
          .intoArray(outputs, L);
      ((FloatVector) i02.convert(VectorOperators.I2F, 0))
          .fma(s2.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * L))
          .intoArray(outputs, 2 * L);
      ((FloatVector) i03.convert(VectorOperators.I2F, 0))
          .fma(s3.mul(factor0), FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * L))
          .intoArray(outputs, 3 * L);
      ((FloatVector) i10.convert(VectorOperators.I2F, 0))
          .fma(s0.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows))
          .intoArray(outputs, rows);
      ((FloatVector) i11.convert(VectorOperators.I2F, 0))
          .fma(s1.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows + L))
          .intoArray(outputs, rows + L);
      ((FloatVector) i12.convert(VectorOperators.I2F, 0))
          .fma(s2.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows + 2 * L))
          .intoArray(outputs, rows + 2 * L);
      ((FloatVector) i13.convert(VectorOperators.I2F, 0))
          .fma(s3.mul(factor1), FloatVector.fromArray(Lanes.FLOAT, outputs, rows + 3 * L))
          .intoArray(outputs, rows + 3 * L);
    }
  }
}
