// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of a matrix product: a tile of {@code C = A B} or {@code C += A B} whose
 * elements stay in registers while both panels stream by.
 *
 * <p>Panel {@code a} is {@code [depth, tokens]}, panel {@code b} is {@code [depth, WIDTH]}, both
 * dense. Every element is summed in ascending order of depth, in tiles of 1 or 2 tokens as the sum
 * of the even and the odd positions. The loops are written out by hand because an array of vectors
 * would live on the heap.
 */
public final class RegisterTile {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final int LANES = Lanes.FLOATS;

  /** Columns of a tile: two vectors. */
  public static final int WIDTH = 2 * LANES;

  /**
   * The most tokens of a tile. Eight need 16 sums, two vectors of b and one of a: 19 registers, so
   * four where there are 16.
   */
  public static final int HEIGHT = Lanes.MANY_REGISTERS ? 8 : 4;

  private RegisterTile() {}

  /**
   * The height of the next tile when some tokens are left.
   *
   * @param left tokens that are left, at least 1
   * @return 8, 4, 2 or 1
   */
  public static int height(int left) {
    return Math.min(HEIGHT, Integer.highestOneBit(left));
  }

  /**
   * Computes a tile.
   *
   * @param tokens its height: 8, 4, 2 or 1, at most {@link #HEIGHT}
   * @param depth length of the sums
   * @param a panel of A, {@code [depth, tokens]}
   * @param aOffset position of its first element
   * @param b panel of B, {@code [depth, WIDTH]}
   * @param bOffset position of its first element
   * @param c receives the tile, rows of {@link #WIDTH} elements
   * @param cOffset position of its first element
   * @param ldc distance of its rows
   * @param add whether to add to what is there
   */
  public static void multiply(
      int tokens,
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      float[] c,
      int cOffset,
      int ldc,
      boolean add) {
    switch (tokens) {
      case 8 -> tile8(depth, a, aOffset, b, bOffset, c, cOffset, ldc, add);
      case 4 -> tile4(depth, a, aOffset, b, bOffset, c, cOffset, ldc, add);
      case 2 -> tile2(depth, a, aOffset, b, bOffset, c, cOffset, ldc, add);
      default -> tile1(depth, a, aOffset, b, bOffset, c, cOffset, add);
    }
  }

  /** 8 tokens by two vectors. */
  private static void tile8(
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      float[] c,
      int cOffset,
      int ldc,
      boolean add) {
    FloatVector c00 = FloatVector.zero(F);
    FloatVector c01 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    FloatVector c40 = FloatVector.zero(F);
    FloatVector c41 = FloatVector.zero(F);
    FloatVector c50 = FloatVector.zero(F);
    FloatVector c51 = FloatVector.zero(F);
    FloatVector c60 = FloatVector.zero(F);
    FloatVector c61 = FloatVector.zero(F);
    FloatVector c70 = FloatVector.zero(F);
    FloatVector c71 = FloatVector.zero(F);
    int at = aOffset;
    int end = bOffset + depth * WIDTH;
    for (int bt = bOffset; bt < end; bt += WIDTH) {
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + LANES);
      FloatVector x;
      x = FloatVector.broadcast(F, a[at]);
      c00 = Lanes.multiplyAdd(x, b0, c00);
      c01 = Lanes.multiplyAdd(x, b1, c01);
      x = FloatVector.broadcast(F, a[at + 1]);
      c10 = Lanes.multiplyAdd(x, b0, c10);
      c11 = Lanes.multiplyAdd(x, b1, c11);
      x = FloatVector.broadcast(F, a[at + 2]);
      c20 = Lanes.multiplyAdd(x, b0, c20);
      c21 = Lanes.multiplyAdd(x, b1, c21);
      x = FloatVector.broadcast(F, a[at + 3]);
      c30 = Lanes.multiplyAdd(x, b0, c30);
      c31 = Lanes.multiplyAdd(x, b1, c31);
      x = FloatVector.broadcast(F, a[at + 4]);
      c40 = Lanes.multiplyAdd(x, b0, c40);
      c41 = Lanes.multiplyAdd(x, b1, c41);
      x = FloatVector.broadcast(F, a[at + 5]);
      c50 = Lanes.multiplyAdd(x, b0, c50);
      c51 = Lanes.multiplyAdd(x, b1, c51);
      x = FloatVector.broadcast(F, a[at + 6]);
      c60 = Lanes.multiplyAdd(x, b0, c60);
      c61 = Lanes.multiplyAdd(x, b1, c61);
      x = FloatVector.broadcast(F, a[at + 7]);
      c70 = Lanes.multiplyAdd(x, b0, c70);
      c71 = Lanes.multiplyAdd(x, b1, c71);
      at += 8;
    }
    int to = cOffset;
    if (add) {
      FloatVector.fromArray(F, c, to).add(c00).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c01).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c10).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c11).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c20).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c21).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c30).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c31).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c40).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c41).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c50).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c51).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c60).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c61).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c70).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c71).intoArray(c, to + LANES);
      return;
    }
    c00.intoArray(c, to);
    c01.intoArray(c, to + LANES);
    to += ldc;
    c10.intoArray(c, to);
    c11.intoArray(c, to + LANES);
    to += ldc;
    c20.intoArray(c, to);
    c21.intoArray(c, to + LANES);
    to += ldc;
    c30.intoArray(c, to);
    c31.intoArray(c, to + LANES);
    to += ldc;
    c40.intoArray(c, to);
    c41.intoArray(c, to + LANES);
    to += ldc;
    c50.intoArray(c, to);
    c51.intoArray(c, to + LANES);
    to += ldc;
    c60.intoArray(c, to);
    c61.intoArray(c, to + LANES);
    to += ldc;
    c70.intoArray(c, to);
    c71.intoArray(c, to + LANES);
  }

  /** 4 tokens by two vectors. */
  private static void tile4(
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      float[] c,
      int cOffset,
      int ldc,
      boolean add) {
    FloatVector c00 = FloatVector.zero(F);
    FloatVector c01 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    int at = aOffset;
    int end = bOffset + depth * WIDTH;
    for (int bt = bOffset; bt < end; bt += WIDTH) {
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + LANES);
      FloatVector x;
      x = FloatVector.broadcast(F, a[at]);
      c00 = Lanes.multiplyAdd(x, b0, c00);
      c01 = Lanes.multiplyAdd(x, b1, c01);
      x = FloatVector.broadcast(F, a[at + 1]);
      c10 = Lanes.multiplyAdd(x, b0, c10);
      c11 = Lanes.multiplyAdd(x, b1, c11);
      x = FloatVector.broadcast(F, a[at + 2]);
      c20 = Lanes.multiplyAdd(x, b0, c20);
      c21 = Lanes.multiplyAdd(x, b1, c21);
      x = FloatVector.broadcast(F, a[at + 3]);
      c30 = Lanes.multiplyAdd(x, b0, c30);
      c31 = Lanes.multiplyAdd(x, b1, c31);
      at += 4;
    }
    int to = cOffset;
    if (add) {
      FloatVector.fromArray(F, c, to).add(c00).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c01).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c10).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c11).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c20).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c21).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(c30).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(c31).intoArray(c, to + LANES);
      return;
    }
    c00.intoArray(c, to);
    c01.intoArray(c, to + LANES);
    to += ldc;
    c10.intoArray(c, to);
    c11.intoArray(c, to + LANES);
    to += ldc;
    c20.intoArray(c, to);
    c21.intoArray(c, to + LANES);
    to += ldc;
    c30.intoArray(c, to);
    c31.intoArray(c, to + LANES);
  }

  /**
   * 2 tokens by two vectors, with two sums each because one would wait for its own last addition.
   */
  private static void tile2(
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      float[] c,
      int cOffset,
      int ldc,
      boolean add) {
    FloatVector e00 = FloatVector.zero(F);
    FloatVector e01 = FloatVector.zero(F);
    FloatVector f00 = FloatVector.zero(F);
    FloatVector f01 = FloatVector.zero(F);
    FloatVector e10 = FloatVector.zero(F);
    FloatVector e11 = FloatVector.zero(F);
    FloatVector f10 = FloatVector.zero(F);
    FloatVector f11 = FloatVector.zero(F);
    int at = aOffset;
    int bt = bOffset;
    int pairs = bOffset + (depth & ~1) * WIDTH;
    for (; bt < pairs; bt += 2 * WIDTH) {
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + LANES);
      FloatVector d0 = FloatVector.fromArray(F, b, bt + 2 * LANES);
      FloatVector d1 = FloatVector.fromArray(F, b, bt + 3 * LANES);
      FloatVector x;
      x = FloatVector.broadcast(F, a[at]);
      e00 = Lanes.multiplyAdd(x, b0, e00);
      e01 = Lanes.multiplyAdd(x, b1, e01);
      x = FloatVector.broadcast(F, a[at + 1]);
      e10 = Lanes.multiplyAdd(x, b0, e10);
      e11 = Lanes.multiplyAdd(x, b1, e11);
      x = FloatVector.broadcast(F, a[at + 2]);
      f00 = Lanes.multiplyAdd(x, d0, f00);
      f01 = Lanes.multiplyAdd(x, d1, f01);
      x = FloatVector.broadcast(F, a[at + 3]);
      f10 = Lanes.multiplyAdd(x, d0, f10);
      f11 = Lanes.multiplyAdd(x, d1, f11);
      at += 4;
    }
    if ((depth & 1) != 0) {
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + LANES);
      FloatVector x;
      x = FloatVector.broadcast(F, a[at]);
      e00 = Lanes.multiplyAdd(x, b0, e00);
      e01 = Lanes.multiplyAdd(x, b1, e01);
      x = FloatVector.broadcast(F, a[at + 1]);
      e10 = Lanes.multiplyAdd(x, b0, e10);
      e11 = Lanes.multiplyAdd(x, b1, e11);
    }
    e00 = e00.add(f00);
    e01 = e01.add(f01);
    e10 = e10.add(f10);
    e11 = e11.add(f11);
    int to = cOffset;
    if (add) {
      FloatVector.fromArray(F, c, to).add(e00).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(e01).intoArray(c, to + LANES);
      to += ldc;
      FloatVector.fromArray(F, c, to).add(e10).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(e11).intoArray(c, to + LANES);
      return;
    }
    e00.intoArray(c, to);
    e01.intoArray(c, to + LANES);
    to += ldc;
    e10.intoArray(c, to);
    e11.intoArray(c, to + LANES);
  }

  /**
   * 1 token by two vectors, with two sums each because one would wait for its own last addition.
   */
  private static void tile1(
      int depth,
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      float[] c,
      int cOffset,
      boolean add) {
    FloatVector e00 = FloatVector.zero(F);
    FloatVector e01 = FloatVector.zero(F);
    FloatVector f00 = FloatVector.zero(F);
    FloatVector f01 = FloatVector.zero(F);
    int at = aOffset;
    int bt = bOffset;
    int pairs = bOffset + (depth & ~1) * WIDTH;
    for (; bt < pairs; bt += 2 * WIDTH) {
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + LANES);
      FloatVector d0 = FloatVector.fromArray(F, b, bt + 2 * LANES);
      FloatVector d1 = FloatVector.fromArray(F, b, bt + 3 * LANES);
      FloatVector x;
      x = FloatVector.broadcast(F, a[at]);
      e00 = Lanes.multiplyAdd(x, b0, e00);
      e01 = Lanes.multiplyAdd(x, b1, e01);
      x = FloatVector.broadcast(F, a[at + 1]);
      f00 = Lanes.multiplyAdd(x, d0, f00);
      f01 = Lanes.multiplyAdd(x, d1, f01);
      at += 2;
    }
    if ((depth & 1) != 0) {
      FloatVector b0 = FloatVector.fromArray(F, b, bt);
      FloatVector b1 = FloatVector.fromArray(F, b, bt + LANES);
      FloatVector x;
      x = FloatVector.broadcast(F, a[at]);
      e00 = Lanes.multiplyAdd(x, b0, e00);
      e01 = Lanes.multiplyAdd(x, b1, e01);
    }
    e00 = e00.add(f00);
    e01 = e01.add(f01);
    int to = cOffset;
    if (add) {
      FloatVector.fromArray(F, c, to).add(e00).intoArray(c, to);
      FloatVector.fromArray(F, c, to + LANES).add(e01).intoArray(c, to + LANES);
      return;
    }
    e00.intoArray(c, to);
    e01.intoArray(c, to + LANES);
  }
}
