// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of four weight rows in a native or mapped segment with one or four tokens.
 *
 * <p>16-bit weights are read two to an int lane, so the tokens are laid out in blocks: the {@code
 * LANES} even elements, then the {@code LANES} odd ones. The sums are those of {@link DotTile};
 * code for segments is apart from code for arrays so that neither sees the other's types.
 */
final class DotSegmentTile {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** Rows, and tokens, of a tile. */
  static final int SIZE = DotTile.SIZE;

  private DotSegmentTile() {}

  private static FloatVector low(IntVector pair, boolean half) {
    return half
        ? HalfVectors.fromFloat16(pair.lanewise(VectorOperators.LSHL, 16))
        : pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  private static FloatVector high(IntVector pair, boolean half) {
    IntVector upper = pair.and(0xffff0000);
    return half ? HalfVectors.fromFloat16(upper) : upper.reinterpretAsFloats();
  }

  /** Four rows of 32-bit floats at byte positions with one token; whole vectors only. */
  static void float32(
      int length,
      MemorySegment w,
      long w0,
      long w1,
      long w2,
      long w3,
      float[] x,
      int xAt,
      float[] scratch) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
    int pairs = length - length % (2 * LANES);
    int k = 0;
    for (; k < pairs; k += 2 * LANES) {
      long at = 4L * k;
      FloatVector x0 = FloatVector.fromArray(F, x, xAt + k);
      FloatVector x1 = FloatVector.fromArray(F, x, xAt + k + LANES);
      a0 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w0 + at, ORDER), x0, a0);
      b0 =
          Lanes.multiplyAdd(
              FloatVector.fromMemorySegment(F, w, w0 + at + 4L * LANES, ORDER), x1, b0);
      a1 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w1 + at, ORDER), x0, a1);
      b1 =
          Lanes.multiplyAdd(
              FloatVector.fromMemorySegment(F, w, w1 + at + 4L * LANES, ORDER), x1, b1);
      a2 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w2 + at, ORDER), x0, a2);
      b2 =
          Lanes.multiplyAdd(
              FloatVector.fromMemorySegment(F, w, w2 + at + 4L * LANES, ORDER), x1, b2);
      a3 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w3 + at, ORDER), x0, a3);
      b3 =
          Lanes.multiplyAdd(
              FloatVector.fromMemorySegment(F, w, w3 + at + 4L * LANES, ORDER), x1, b3);
    }
    if (k + LANES <= length) {
      FloatVector x0 = FloatVector.fromArray(F, x, xAt + k);
      a0 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w0 + 4L * k, ORDER), x0, a0);
      a1 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w1 + 4L * k, ORDER), x0, a1);
      a2 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w2 + 4L * k, ORDER), x0, a2);
      a3 = Lanes.multiplyAdd(FloatVector.fromMemorySegment(F, w, w3 + 4L * k, ORDER), x0, a3);
    }
    a0.add(b0).intoArray(scratch, 0 * LANES);
    a1.add(b1).intoArray(scratch, 1 * LANES);
    a2.add(b2).intoArray(scratch, 2 * LANES);
    a3.add(b3).intoArray(scratch, 3 * LANES);
  }

  /** Four rows of 32-bit floats with four tokens; whole vectors only. */
  static void float32Tokens4(
      int length,
      MemorySegment w,
      long w0,
      long w1,
      long w2,
      long w3,
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      float[] scratch) {
    FloatVector s00 = FloatVector.zero(F);
    FloatVector s01 = FloatVector.zero(F);
    FloatVector s02 = FloatVector.zero(F);
    FloatVector s03 = FloatVector.zero(F);
    FloatVector s10 = FloatVector.zero(F);
    FloatVector s11 = FloatVector.zero(F);
    FloatVector s12 = FloatVector.zero(F);
    FloatVector s13 = FloatVector.zero(F);
    FloatVector s20 = FloatVector.zero(F);
    FloatVector s21 = FloatVector.zero(F);
    FloatVector s22 = FloatVector.zero(F);
    FloatVector s23 = FloatVector.zero(F);
    FloatVector s30 = FloatVector.zero(F);
    FloatVector s31 = FloatVector.zero(F);
    FloatVector s32 = FloatVector.zero(F);
    FloatVector s33 = FloatVector.zero(F);
    int whole = length - length % LANES;
    for (int k = 0; k < whole; k += LANES) {
      long at = 4L * k;
      FloatVector t0 = FloatVector.fromArray(F, x, x0 + k);
      FloatVector t1 = FloatVector.fromArray(F, x, x1 + k);
      FloatVector t2 = FloatVector.fromArray(F, x, x2 + k);
      FloatVector t3 = FloatVector.fromArray(F, x, x3 + k);
      FloatVector v;
      v = FloatVector.fromMemorySegment(F, w, w0 + at, ORDER);
      s00 = Lanes.multiplyAdd(v, t0, s00);
      s01 = Lanes.multiplyAdd(v, t1, s01);
      s02 = Lanes.multiplyAdd(v, t2, s02);
      s03 = Lanes.multiplyAdd(v, t3, s03);
      v = FloatVector.fromMemorySegment(F, w, w1 + at, ORDER);
      s10 = Lanes.multiplyAdd(v, t0, s10);
      s11 = Lanes.multiplyAdd(v, t1, s11);
      s12 = Lanes.multiplyAdd(v, t2, s12);
      s13 = Lanes.multiplyAdd(v, t3, s13);
      v = FloatVector.fromMemorySegment(F, w, w2 + at, ORDER);
      s20 = Lanes.multiplyAdd(v, t0, s20);
      s21 = Lanes.multiplyAdd(v, t1, s21);
      s22 = Lanes.multiplyAdd(v, t2, s22);
      s23 = Lanes.multiplyAdd(v, t3, s23);
      v = FloatVector.fromMemorySegment(F, w, w3 + at, ORDER);
      s30 = Lanes.multiplyAdd(v, t0, s30);
      s31 = Lanes.multiplyAdd(v, t1, s31);
      s32 = Lanes.multiplyAdd(v, t2, s32);
      s33 = Lanes.multiplyAdd(v, t3, s33);
    }
    s00.intoArray(scratch, 0 * LANES);
    s01.intoArray(scratch, 4 * LANES);
    s02.intoArray(scratch, 8 * LANES);
    s03.intoArray(scratch, 12 * LANES);
    s10.intoArray(scratch, 1 * LANES);
    s11.intoArray(scratch, 5 * LANES);
    s12.intoArray(scratch, 9 * LANES);
    s13.intoArray(scratch, 13 * LANES);
    s20.intoArray(scratch, 2 * LANES);
    s21.intoArray(scratch, 6 * LANES);
    s22.intoArray(scratch, 10 * LANES);
    s23.intoArray(scratch, 14 * LANES);
    s30.intoArray(scratch, 3 * LANES);
    s31.intoArray(scratch, 7 * LANES);
    s32.intoArray(scratch, 11 * LANES);
    s33.intoArray(scratch, 15 * LANES);
  }

  /** Four rows of 16-bit floats with one token; {@code whole} is a multiple of two vectors. */
  static void float16(
      boolean half,
      int whole,
      MemorySegment w,
      long w0,
      long w1,
      long w2,
      long w3,
      float[] x,
      int xAt,
      float[] scratch) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
    for (int k = 0; k < whole; k += 2 * LANES) {
      long at = 2L * k;
      FloatVector even = FloatVector.fromArray(F, x, xAt + k);
      FloatVector odd = FloatVector.fromArray(F, x, xAt + k + LANES);
      IntVector v;
      v = IntVector.fromMemorySegment(I, w, w0 + at, ORDER);
      a0 = Lanes.multiplyAdd(low(v, half), even, a0);
      b0 = Lanes.multiplyAdd(high(v, half), odd, b0);
      v = IntVector.fromMemorySegment(I, w, w1 + at, ORDER);
      a1 = Lanes.multiplyAdd(low(v, half), even, a1);
      b1 = Lanes.multiplyAdd(high(v, half), odd, b1);
      v = IntVector.fromMemorySegment(I, w, w2 + at, ORDER);
      a2 = Lanes.multiplyAdd(low(v, half), even, a2);
      b2 = Lanes.multiplyAdd(high(v, half), odd, b2);
      v = IntVector.fromMemorySegment(I, w, w3 + at, ORDER);
      a3 = Lanes.multiplyAdd(low(v, half), even, a3);
      b3 = Lanes.multiplyAdd(high(v, half), odd, b3);
    }
    a0.add(b0).intoArray(scratch, 0 * LANES);
    a1.add(b1).intoArray(scratch, 1 * LANES);
    a2.add(b2).intoArray(scratch, 2 * LANES);
    a3.add(b3).intoArray(scratch, 3 * LANES);
  }

  /** Four rows of 16-bit floats with four tokens; {@code whole} is a multiple of two vectors. */
  static void float16Tokens4(
      boolean half,
      int whole,
      MemorySegment w,
      long w0,
      long w1,
      long w2,
      long w3,
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      float[] scratch) {
    FloatVector s00 = FloatVector.zero(F);
    FloatVector s01 = FloatVector.zero(F);
    FloatVector s02 = FloatVector.zero(F);
    FloatVector s03 = FloatVector.zero(F);
    FloatVector s10 = FloatVector.zero(F);
    FloatVector s11 = FloatVector.zero(F);
    FloatVector s12 = FloatVector.zero(F);
    FloatVector s13 = FloatVector.zero(F);
    FloatVector s20 = FloatVector.zero(F);
    FloatVector s21 = FloatVector.zero(F);
    FloatVector s22 = FloatVector.zero(F);
    FloatVector s23 = FloatVector.zero(F);
    FloatVector s30 = FloatVector.zero(F);
    FloatVector s31 = FloatVector.zero(F);
    FloatVector s32 = FloatVector.zero(F);
    FloatVector s33 = FloatVector.zero(F);
    for (int k = 0; k < whole; k += 2 * LANES) {
      long at = 2L * k;
      IntVector v0 = IntVector.fromMemorySegment(I, w, w0 + at, ORDER);
      IntVector v1 = IntVector.fromMemorySegment(I, w, w1 + at, ORDER);
      IntVector v2 = IntVector.fromMemorySegment(I, w, w2 + at, ORDER);
      IntVector v3 = IntVector.fromMemorySegment(I, w, w3 + at, ORDER);
      FloatVector f;
      FloatVector t0 = FloatVector.fromArray(F, x, x0 + k);
      FloatVector t1 = FloatVector.fromArray(F, x, x1 + k);
      FloatVector t2 = FloatVector.fromArray(F, x, x2 + k);
      FloatVector t3 = FloatVector.fromArray(F, x, x3 + k);
      f = low(v0, half);
      s00 = Lanes.multiplyAdd(f, t0, s00);
      s01 = Lanes.multiplyAdd(f, t1, s01);
      s02 = Lanes.multiplyAdd(f, t2, s02);
      s03 = Lanes.multiplyAdd(f, t3, s03);
      f = low(v1, half);
      s10 = Lanes.multiplyAdd(f, t0, s10);
      s11 = Lanes.multiplyAdd(f, t1, s11);
      s12 = Lanes.multiplyAdd(f, t2, s12);
      s13 = Lanes.multiplyAdd(f, t3, s13);
      f = low(v2, half);
      s20 = Lanes.multiplyAdd(f, t0, s20);
      s21 = Lanes.multiplyAdd(f, t1, s21);
      s22 = Lanes.multiplyAdd(f, t2, s22);
      s23 = Lanes.multiplyAdd(f, t3, s23);
      f = low(v3, half);
      s30 = Lanes.multiplyAdd(f, t0, s30);
      s31 = Lanes.multiplyAdd(f, t1, s31);
      s32 = Lanes.multiplyAdd(f, t2, s32);
      s33 = Lanes.multiplyAdd(f, t3, s33);
      t0 = FloatVector.fromArray(F, x, x0 + k + LANES);
      t1 = FloatVector.fromArray(F, x, x1 + k + LANES);
      t2 = FloatVector.fromArray(F, x, x2 + k + LANES);
      t3 = FloatVector.fromArray(F, x, x3 + k + LANES);
      f = high(v0, half);
      s00 = Lanes.multiplyAdd(f, t0, s00);
      s01 = Lanes.multiplyAdd(f, t1, s01);
      s02 = Lanes.multiplyAdd(f, t2, s02);
      s03 = Lanes.multiplyAdd(f, t3, s03);
      f = high(v1, half);
      s10 = Lanes.multiplyAdd(f, t0, s10);
      s11 = Lanes.multiplyAdd(f, t1, s11);
      s12 = Lanes.multiplyAdd(f, t2, s12);
      s13 = Lanes.multiplyAdd(f, t3, s13);
      f = high(v2, half);
      s20 = Lanes.multiplyAdd(f, t0, s20);
      s21 = Lanes.multiplyAdd(f, t1, s21);
      s22 = Lanes.multiplyAdd(f, t2, s22);
      s23 = Lanes.multiplyAdd(f, t3, s23);
      f = high(v3, half);
      s30 = Lanes.multiplyAdd(f, t0, s30);
      s31 = Lanes.multiplyAdd(f, t1, s31);
      s32 = Lanes.multiplyAdd(f, t2, s32);
      s33 = Lanes.multiplyAdd(f, t3, s33);
    }
    s00.intoArray(scratch, 0 * LANES);
    s01.intoArray(scratch, 4 * LANES);
    s02.intoArray(scratch, 8 * LANES);
    s03.intoArray(scratch, 12 * LANES);
    s10.intoArray(scratch, 1 * LANES);
    s11.intoArray(scratch, 5 * LANES);
    s12.intoArray(scratch, 9 * LANES);
    s13.intoArray(scratch, 13 * LANES);
    s20.intoArray(scratch, 2 * LANES);
    s21.intoArray(scratch, 6 * LANES);
    s22.intoArray(scratch, 10 * LANES);
    s23.intoArray(scratch, 14 * LANES);
    s30.intoArray(scratch, 3 * LANES);
    s31.intoArray(scratch, 7 * LANES);
    s32.intoArray(scratch, 11 * LANES);
    s33.intoArray(scratch, 15 * LANES);
  }
}
