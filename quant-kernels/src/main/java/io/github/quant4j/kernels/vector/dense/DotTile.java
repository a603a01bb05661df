// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dot products of weight rows with one or four tokens, both with unit stride: for few tokens, where
 * packing would cost more than the product.
 *
 * <p>A sum runs in ascending order in each lane, two sums to a lane for one token; the lanes are
 * added as by {@link Lanes#sum}, then the rest that fills no vector, in ascending order.
 */
public final class DotTile {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final int LANES = Lanes.FLOATS;

  /** Rows, and tokens, of a tile. */
  public static final int SIZE = 4;

  /** Scratch floats that a tile needs. */
  public static final int SCRATCH = SIZE * SIZE * LANES;

  private DotTile() {}

  /**
   * Four rows with one token: {@code y[i] = w_i x}.
   *
   * @param length of the dot products
   * @param w the rows
   * @param w0 position of the first row
   * @param w1 position of the second row
   * @param w2 position of the third row
   * @param w3 position of the fourth row
   * @param x the tokens
   * @param xAt position of the token
   * @param y receives four sums
   * @param yAt position of the first one
   * @param scratch {@link #SCRATCH} floats
   */
  public static void rows4(
      int length,
      float[] w,
      int w0,
      int w1,
      int w2,
      int w3,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      float[] scratch) {
    rows4Lanes(length, w, w0, w1, w2, w3, x, xAt, scratch, 0);
    int k = length - length % LANES;
    y[yAt] = rest(length, k, w, w0, x, xAt, Lanes.sum(scratch, 0 * LANES));
    y[yAt + 1] = rest(length, k, w, w1, x, xAt, Lanes.sum(scratch, 1 * LANES));
    y[yAt + 2] = rest(length, k, w, w2, x, xAt, Lanes.sum(scratch, 2 * LANES));
    y[yAt + 3] = rest(length, k, w, w3, x, xAt, Lanes.sum(scratch, 3 * LANES));
  }

  /**
   * Up to 16 rows with one token, whose lanes are added together.
   *
   * @param length of the dot products
   * @param w the rows
   * @param wAt position of the first row
   * @param ldw distance of two rows
   * @param rows from 1 to {@link LaneSums#VECTORS}
   * @param x the token
   * @param xAt position of the token
   * @param y receives the sums
   * @param yAt position of the first one
   * @param accumulate whether the sums are added to what is there
   * @param lanes {@link #SCRATCH} floats
   */
  static void rows16(
      int length,
      float[] w,
      int wAt,
      int ldw,
      int rows,
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      boolean accumulate,
      float[] lanes) {
    for (int row = 0; row < rows; row += SIZE) {
      // A short last tile computes its last row several times.
      int w0 = wAt + row * ldw;
      int w1 = wAt + Math.min(row + 1, rows - 1) * ldw;
      int w2 = wAt + Math.min(row + 2, rows - 1) * ldw;
      int w3 = wAt + Math.min(row + 3, rows - 1) * ldw;
      rows4Lanes(length, w, w0, w1, w2, w3, x, xAt, lanes, row * LANES);
    }
    LaneSums.sum(lanes);
    int whole = length - length % LANES;
    for (int i = 0; i < rows; i++) {
      float sum = rest(length, whole, w, wAt + i * ldw, x, xAt, lanes[i]);
      y[yAt + i] = accumulate ? y[yAt + i] + sum : sum;
    }
  }

  /**
   * Four rows with one token, but for what fills no vector: four vectors whose lanes are to be
   * added.
   */
  static void rows4Lanes(
      int length,
      float[] w,
      int w0,
      int w1,
      int w2,
      int w3,
      float[] x,
      int xAt,
      float[] lanes,
      int at) {
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
      FloatVector x0 = FloatVector.fromArray(F, x, xAt + k);
      FloatVector x1 = FloatVector.fromArray(F, x, xAt + k + LANES);
      a0 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w0 + k), x0, a0);
      b0 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w0 + k + LANES), x1, b0);
      a1 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w1 + k), x0, a1);
      b1 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w1 + k + LANES), x1, b1);
      a2 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w2 + k), x0, a2);
      b2 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w2 + k + LANES), x1, b2);
      a3 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w3 + k), x0, a3);
      b3 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w3 + k + LANES), x1, b3);
    }
    if (k + LANES <= length) {
      FloatVector x0 = FloatVector.fromArray(F, x, xAt + k);
      a0 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w0 + k), x0, a0);
      a1 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w1 + k), x0, a1);
      a2 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w2 + k), x0, a2);
      a3 = Lanes.multiplyAdd(FloatVector.fromArray(F, w, w3 + k), x0, a3);
      k += LANES;
    }
    a0.add(b0).intoArray(lanes, at);
    a1.add(b1).intoArray(lanes, at + LANES);
    a2.add(b2).intoArray(lanes, at + 2 * LANES);
    a3.add(b3).intoArray(lanes, at + 3 * LANES);
  }

  /**
   * Four rows with four tokens: {@code y[yAt + j * ldy + i] = w_i x_j}.
   *
   * @param length of the dot products
   * @param w the rows
   * @param w0 position of the first row
   * @param w1 position of the second row
   * @param w2 position of the third row
   * @param w3 position of the fourth row
   * @param x the tokens
   * @param x0 position of the first token
   * @param x1 position of the second token
   * @param x2 position of the third token
   * @param x3 position of the fourth token
   * @param y receives the sums
   * @param yAt position of the first one
   * @param ldy distance of two tokens' sums
   * @param scratch {@link #SCRATCH} floats
   */
  public static void rows4Tokens4(
      int length,
      float[] w,
      int w0,
      int w1,
      int w2,
      int w3,
      float[] x,
      int x0,
      int x1,
      int x2,
      int x3,
      float[] y,
      int yAt,
      int ldy,
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
      FloatVector t0 = FloatVector.fromArray(F, x, x0 + k);
      FloatVector t1 = FloatVector.fromArray(F, x, x1 + k);
      FloatVector t2 = FloatVector.fromArray(F, x, x2 + k);
      FloatVector t3 = FloatVector.fromArray(F, x, x3 + k);
      FloatVector v;
      v = FloatVector.fromArray(F, w, w0 + k);
      s00 = Lanes.multiplyAdd(v, t0, s00);
      s01 = Lanes.multiplyAdd(v, t1, s01);
      s02 = Lanes.multiplyAdd(v, t2, s02);
      s03 = Lanes.multiplyAdd(v, t3, s03);
      v = FloatVector.fromArray(F, w, w1 + k);
      s10 = Lanes.multiplyAdd(v, t0, s10);
      s11 = Lanes.multiplyAdd(v, t1, s11);
      s12 = Lanes.multiplyAdd(v, t2, s12);
      s13 = Lanes.multiplyAdd(v, t3, s13);
      v = FloatVector.fromArray(F, w, w2 + k);
      s20 = Lanes.multiplyAdd(v, t0, s20);
      s21 = Lanes.multiplyAdd(v, t1, s21);
      s22 = Lanes.multiplyAdd(v, t2, s22);
      s23 = Lanes.multiplyAdd(v, t3, s23);
      v = FloatVector.fromArray(F, w, w3 + k);
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
    LaneSums.sum(scratch);
    for (int j = 0; j < SIZE; j++) {
      System.arraycopy(scratch, j * SIZE, y, yAt + j * ldy, SIZE);
    }
    if (whole < length) {
      for (int j = 0; j < SIZE; j++) {
        int xAt = j == 0 ? x0 : j == 1 ? x1 : j == 2 ? x2 : x3;
        int to = yAt + j * ldy;
        y[to] = rest(length, whole, w, w0, x, xAt, y[to]);
        y[to + 1] = rest(length, whole, w, w1, x, xAt, y[to + 1]);
        y[to + 2] = rest(length, whole, w, w2, x, xAt, y[to + 2]);
        y[to + 3] = rest(length, whole, w, w3, x, xAt, y[to + 3]);
      }
    }
  }

  private static float rest(
      int length, int from, float[] w, int wAt, float[] x, int xAt, float sum) {
    float total = sum;
    for (int k = from; k < length; k++) {
      total = Lanes.multiplyAdd(w[wAt + k], x[xAt + k], total);
    }
    return total;
  }
}
