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
 * The inner loops of {@link PlaneLookup} for one token, codes of one plane, and rows that have
 * nothing but scales and perhaps zero points, where a segment is one unit: sums are widened and
 * scaled while they are in registers. That takes a fifth off the time of storing them in between,
 * as the additions of one segment overlap with the lookups of the next one. See {@link
 * LookupLoops}.
 *
 * <p>Parameters: {@code packed} words with those of the first of four streams of a block at {@code
 * at} and a {@code stride} to the next, a {@code step} from one word to the next one; a {@code
 * tile} of one token that {@link PlaneLookup} filled, with so many {@code segments}; {@code words}
 * of a segment; {@code parameters} of the rows from {@code row}; {@code outputs}, added to.
 */
final class OnePlaneLoops {
  private static final int LANES = PlaneLookup.LANES;
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private OnePlaneLoops() {}

  /** Segments of 128 inputs: a known number of words is 5 to 7 % faster. */
  static void words8(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      Tile tile,
      int segments,
      RowParameters parameters,
      int row,
      float[] outputs) {
    short[] tables = tile.tables;
    MemorySegment scales = parameters.scales();
    long scaleStep = parameters.scaleStep();
    long scale = parameters.scaleAt(row);
    boolean hasZeros = parameters.hasZeros();
    MemorySegment zeros = parameters.zeros();
    long zeroStep = parameters.zeroStep();
    long zero = parameters.zeroAt(row);
    long word = at;
    int table = 0;
    FloatVector y0 = FloatVector.fromArray(Lanes.FLOAT, outputs, 0);
    FloatVector y1 = FloatVector.fromArray(Lanes.FLOAT, outputs, L);
    FloatVector y2 = FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * L);
    FloatVector y3 = FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * L);
    FloatVector y4 = FloatVector.fromArray(Lanes.FLOAT, outputs, 4 * L);
    FloatVector y5 = FloatVector.fromArray(Lanes.FLOAT, outputs, 5 * L);
    FloatVector y6 = FloatVector.fromArray(Lanes.FLOAT, outputs, 6 * L);
    FloatVector y7 = FloatVector.fromArray(Lanes.FLOAT, outputs, 7 * L);
    for (int s = 0; s < segments; s++) {
      ShortVector p0 = ShortVector.zero(Lanes.SHORT);
      ShortVector p1 = p0;
      ShortVector p2 = p0;
      ShortVector p3 = p0;
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
        ShortVector a = ShortVector.fromArray(Lanes.SHORT, tables, table + 0 * LANES);
        ShortVector b = ShortVector.fromArray(Lanes.SHORT, tables, table + 1 * LANES);
        ShortVector c = ShortVector.fromArray(Lanes.SHORT, tables, table + 2 * LANES);
        ShortVector d = ShortVector.fromArray(Lanes.SHORT, tables, table + 3 * LANES);
        p0 =
            p0.add(v0.selectFrom(a))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        p1 =
            p1.add(v1.selectFrom(a))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        p2 =
            p2.add(v2.selectFrom(a))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        p3 =
            p3.add(v3.selectFrom(a))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        word += step;
        table += 4 * LANES;
      }
      int start = tile.starts[tile.offset + s];
      float factor = tile.scales[tile.offset + s];
      IntVector r0 = p0.reinterpretAsInts();
      IntVector i0 = r0.and(0xffff).add(start);
      IntVector i1 = r0.lanewise(VectorOperators.LSHR, 16).add(start);
      IntVector r1 = p1.reinterpretAsInts();
      IntVector i2 = r1.and(0xffff).add(start);
      IntVector i3 = r1.lanewise(VectorOperators.LSHR, 16).add(start);
      IntVector r2 = p2.reinterpretAsInts();
      IntVector i4 = r2.and(0xffff).add(start);
      IntVector i5 = r2.lanewise(VectorOperators.LSHR, 16).add(start);
      IntVector r3 = p3.reinterpretAsInts();
      IntVector i6 = r3.and(0xffff).add(start);
      IntVector i7 = r3.lanewise(VectorOperators.LSHR, 16).add(start);
      if (hasZeros) {
        int valueSum = tile.valueSums[tile.offset + s];
        IntVector z0 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero, ORDER);
        i0 =
            i0.sub(
                z0.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i1 = i1.sub(z0.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        IntVector z1 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + BYTES, ORDER);
        i2 =
            i2.sub(
                z1.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i3 = i3.sub(z1.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        IntVector z2 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + 2 * BYTES, ORDER);
        i4 =
            i4.sub(
                z2.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i5 = i5.sub(z2.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        IntVector z3 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + 3 * BYTES, ORDER);
        i6 =
            i6.sub(
                z3.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i7 = i7.sub(z3.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        zero += zeroStep;
      }
      FloatVector s0 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale, ORDER).mul(factor);
      FloatVector s1 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + BYTES, ORDER).mul(factor);
      FloatVector s2 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 2 * BYTES, ORDER).mul(factor);
      FloatVector s3 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 3 * BYTES, ORDER).mul(factor);
      FloatVector s4 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 4 * BYTES, ORDER).mul(factor);
      FloatVector s5 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 5 * BYTES, ORDER).mul(factor);
      FloatVector s6 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 6 * BYTES, ORDER).mul(factor);
      FloatVector s7 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 7 * BYTES, ORDER).mul(factor);
      y0 = ((FloatVector) i0.convert(VectorOperators.I2F, 0)).fma(s0, y0);
      y1 = ((FloatVector) i1.convert(VectorOperators.I2F, 0)).fma(s1, y1);
      y2 = ((FloatVector) i2.convert(VectorOperators.I2F, 0)).fma(s2, y2);
      y3 = ((FloatVector) i3.convert(VectorOperators.I2F, 0)).fma(s3, y3);
      y4 = ((FloatVector) i4.convert(VectorOperators.I2F, 0)).fma(s4, y4);
      y5 = ((FloatVector) i5.convert(VectorOperators.I2F, 0)).fma(s5, y5);
      y6 = ((FloatVector) i6.convert(VectorOperators.I2F, 0)).fma(s6, y6);
      y7 = ((FloatVector) i7.convert(VectorOperators.I2F, 0)).fma(s7, y7);
      scale += scaleStep;
    }
    y0.intoArray(outputs, 0);
    y1.intoArray(outputs, L);
    y2.intoArray(outputs, 2 * L);
    y3.intoArray(outputs, 3 * L);
    y4.intoArray(outputs, 4 * L);
    y5.intoArray(outputs, 5 * L);
    y6.intoArray(outputs, 6 * L);
    y7.intoArray(outputs, 7 * L);
  }

  /** Segments of any length. */
  static void words(
      MemorySegment packed,
      long at,
      long stride,
      long step,
      Tile tile,
      int segments,
      int words,
      RowParameters parameters,
      int row,
      float[] outputs) {
    short[] tables = tile.tables;
    MemorySegment scales = parameters.scales();
    long scaleStep = parameters.scaleStep();
    long scale = parameters.scaleAt(row);
    boolean hasZeros = parameters.hasZeros();
    MemorySegment zeros = parameters.zeros();
    long zeroStep = parameters.zeroStep();
    long zero = parameters.zeroAt(row);
    long word = at;
    int table = 0;
    FloatVector y0 = FloatVector.fromArray(Lanes.FLOAT, outputs, 0);
    FloatVector y1 = FloatVector.fromArray(Lanes.FLOAT, outputs, L);
    FloatVector y2 = FloatVector.fromArray(Lanes.FLOAT, outputs, 2 * L);
    FloatVector y3 = FloatVector.fromArray(Lanes.FLOAT, outputs, 3 * L);
    FloatVector y4 = FloatVector.fromArray(Lanes.FLOAT, outputs, 4 * L);
    FloatVector y5 = FloatVector.fromArray(Lanes.FLOAT, outputs, 5 * L);
    FloatVector y6 = FloatVector.fromArray(Lanes.FLOAT, outputs, 6 * L);
    FloatVector y7 = FloatVector.fromArray(Lanes.FLOAT, outputs, 7 * L);
    for (int s = 0; s < segments; s++) {
      ShortVector p0 = ShortVector.zero(Lanes.SHORT);
      ShortVector p1 = p0;
      ShortVector p2 = p0;
      ShortVector p3 = p0;
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
        ShortVector a = ShortVector.fromArray(Lanes.SHORT, tables, table + 0 * LANES);
        ShortVector b = ShortVector.fromArray(Lanes.SHORT, tables, table + 1 * LANES);
        ShortVector c = ShortVector.fromArray(Lanes.SHORT, tables, table + 2 * LANES);
        ShortVector d = ShortVector.fromArray(Lanes.SHORT, tables, table + 3 * LANES);
        p0 =
            p0.add(v0.selectFrom(a))
                .add(w0.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w0.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        p1 =
            p1.add(v1.selectFrom(a))
                .add(w1.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w1.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        p2 =
            p2.add(v2.selectFrom(a))
                .add(w2.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w2.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        p3 =
            p3.add(v3.selectFrom(a))
                .add(w3.lanewise(VectorOperators.LSHR, 5).reinterpretAsShorts().selectFrom(b))
                .add(w3.lanewise(VectorOperators.LSHR, 10).reinterpretAsShorts().selectFrom(c, d));
        word += step;
        table += 4 * LANES;
      }
      int start = tile.starts[tile.offset + s];
      float factor = tile.scales[tile.offset + s];
      IntVector r0 = p0.reinterpretAsInts();
      IntVector i0 = r0.and(0xffff).add(start);
      IntVector i1 = r0.lanewise(VectorOperators.LSHR, 16).add(start);
      IntVector r1 = p1.reinterpretAsInts();
      IntVector i2 = r1.and(0xffff).add(start);
      IntVector i3 = r1.lanewise(VectorOperators.LSHR, 16).add(start);
      IntVector r2 = p2.reinterpretAsInts();
      IntVector i4 = r2.and(0xffff).add(start);
      IntVector i5 = r2.lanewise(VectorOperators.LSHR, 16).add(start);
      IntVector r3 = p3.reinterpretAsInts();
      IntVector i6 = r3.and(0xffff).add(start);
      IntVector i7 = r3.lanewise(VectorOperators.LSHR, 16).add(start);
      if (hasZeros) {
        int valueSum = tile.valueSums[tile.offset + s];
        IntVector z0 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero, ORDER);
        i0 =
            i0.sub(
                z0.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i1 = i1.sub(z0.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        IntVector z1 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + BYTES, ORDER);
        i2 =
            i2.sub(
                z1.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i3 = i3.sub(z1.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        IntVector z2 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + 2 * BYTES, ORDER);
        i4 =
            i4.sub(
                z2.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i5 = i5.sub(z2.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        IntVector z3 = IntVector.fromMemorySegment(Lanes.INT, zeros, zero + 3 * BYTES, ORDER);
        i6 =
            i6.sub(
                z3.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 16)
                    .mul(valueSum));
        i7 = i7.sub(z3.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        zero += zeroStep;
      }
      FloatVector s0 = FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale, ORDER).mul(factor);
      FloatVector s1 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + BYTES, ORDER).mul(factor);
      FloatVector s2 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 2 * BYTES, ORDER).mul(factor);
      FloatVector s3 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 3 * BYTES, ORDER).mul(factor);
      FloatVector s4 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 4 * BYTES, ORDER).mul(factor);
      FloatVector s5 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 5 * BYTES, ORDER).mul(factor);
      FloatVector s6 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 6 * BYTES, ORDER).mul(factor);
      FloatVector s7 =
          FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + 7 * BYTES, ORDER).mul(factor);
      y0 = ((FloatVector) i0.convert(VectorOperators.I2F, 0)).fma(s0, y0);
      y1 = ((FloatVector) i1.convert(VectorOperators.I2F, 0)).fma(s1, y1);
      y2 = ((FloatVector) i2.convert(VectorOperators.I2F, 0)).fma(s2, y2);
      y3 = ((FloatVector) i3.convert(VectorOperators.I2F, 0)).fma(s3, y3);
      y4 = ((FloatVector) i4.convert(VectorOperators.I2F, 0)).fma(s4, y4);
      y5 = ((FloatVector) i5.convert(VectorOperators.I2F, 0)).fma(s5, y5);
      y6 = ((FloatVector) i6.convert(VectorOperators.I2F, 0)).fma(s6, y6);
      y7 = ((FloatVector) i7.convert(VectorOperators.I2F, 0)).fma(s7, y7);
      scale += scaleStep;
    }
    y0.intoArray(outputs, 0);
    y1.intoArray(outputs, L);
    y2.intoArray(outputs, 2 * L);
    y3.intoArray(outputs, 3 * L);
    y4.intoArray(outputs, 4 * L);
    y5.intoArray(outputs, 5 * L);
    y6.intoArray(outputs, 6 * L);
    y7.intoArray(outputs, 7 * L);
  }
}
