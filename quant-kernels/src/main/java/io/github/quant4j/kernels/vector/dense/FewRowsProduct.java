// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One call of a product whose left factor has only a few rows, such as the attention of one token:
 * the right factor is read once where it lies, because copying it into panels would cost as much as
 * the product.
 *
 * <p>Work is cut along the columns of the result by shape alone, so results do not depend on the
 * threads. An instance holds the arguments while it runs and is used again.
 */
final class FewRowsProduct implements WorkerTeam.PartTask {
  /** From this many rows on panels pay. */
  private static final int ROWS = 8;

  /** The longest dot product for which every lane passes through at most 256 additions. */
  private static final int LONGEST = 256 * Lanes.FLOATS;

  /** Rows of the right factor after which a sum is added to the result, see VectorLinearAlgebra. */
  private static final int DEPTH = 256;

  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final int LANES = Lanes.FLOATS;
  private static final int TILE = DotTile.SIZE;

  /** Columns of a part, a multiple of every vector's width. */
  private static final int PART_COLUMNS = 256;

  private static final float[] NONE = {};

  private final ScratchPool scratch;
  private boolean transposed;
  private int m;
  private int n;
  private int k;
  private float alpha;
  private float[] a = NONE;
  private int aOffset;
  private int lda;
  private float[] b = NONE;
  private int bOffset;
  private int ldb;
  private boolean accumulate;
  private float[] c = NONE;
  private int cOffset;
  private int ldc;

  FewRowsProduct(ScratchPool scratch) {
    this.scratch = scratch;
  }

  /** Whether a product {@code A B^T} is better off here. */
  static boolean suitsTransposed(int m, int k) {
    return m < ROWS && k >= LANES && k <= LONGEST;
  }

  /** Whether a product {@code A B} is better off here. */
  static boolean suits(int m, int n) {
    return m < ROWS && n >= LANES;
  }

  FewRowsProduct left(float[] data, int offset, int rowStride, float factor) {
    a = data;
    aOffset = offset;
    lda = rowStride;
    alpha = factor;
    return this;
  }

  FewRowsProduct right(float[] data, int offset, int rowStride, boolean isTransposed) {
    b = data;
    bOffset = offset;
    ldb = rowStride;
    transposed = isTransposed;
    return this;
  }

  FewRowsProduct into(float[] data, int offset, int rowStride, boolean add) {
    c = data;
    cOffset = offset;
    ldc = rowStride;
    accumulate = add;
    return this;
  }

  void run(int rows, int columns, int inner, WorkerTeam team) {
    m = rows;
    n = columns;
    k = inner;
    team.run(Math.ceilDiv(n, PART_COLUMNS), this);
  }

  /** Lets go of the caller's arrays. */
  void clear() {
    a = NONE;
    b = NONE;
    c = NONE;
  }

  @Override
  public void run(int part) {
    int from = part * PART_COLUMNS;
    int to = Math.min(n, from + PART_COLUMNS);
    if (transposed) {
      dots(from, to);
    } else {
      for (int depth = 0; depth < k; depth += DEPTH) {
        sums(from, to, depth, Math.min(k, depth + DEPTH));
      }
    }
  }

  private void dots(int from, int to) {
    float[] lanes = scratch.floats(DotTile.SCRATCH);
    float[] tile = scratch.floats(TILE * TILE);
    int i = 0;
    for (; i + TILE <= m; i += TILE) {
      for (int j = from; j < to; j += TILE) {
        dotsOfFour(i, j, to, tile, lanes);
      }
    }
    for (; i < m; i++) {
      for (int j = from; j < to; j += LaneSums.VECTORS) {
        int count = Math.min(LaneSums.VECTORS, to - j);
        int source = bOffset + j * ldb;
        int target = cOffset + i * ldc + j;
        DotTile.rows16(
            k, b, source, ldb, count, a, aOffset + i * lda, c, target, accumulate, lanes);
      }
    }
    scratch.release(tile);
    scratch.release(lanes);
  }

  /** Four rows of A and of B; tiles that overhang repeat the last row of B. */
  private void dotsOfFour(int i, int j, int to, float[] tile, float[] lanes) {
    int b0 = bOffset + j * ldb;
    int b1 = bOffset + Math.min(j + 1, to - 1) * ldb;
    int b2 = bOffset + Math.min(j + 2, to - 1) * ldb;
    int b3 = bOffset + Math.min(j + 3, to - 1) * ldb;
    int a0 = aOffset + i * lda;
    int a1 = a0 + lda;
    int a2 = a1 + lda;
    int a3 = a2 + lda;
    DotTile.rows4Tokens4(k, b, b0, b1, b2, b3, a, a0, a1, a2, a3, tile, 0, TILE, lanes);
    int count = Math.min(TILE, to - j);
    for (int r = 0; r < TILE; r++) {
      store(tile, r * TILE, cOffset + (i + r) * ldc + j, count);
    }
  }

  private void store(float[] tile, int at, int target, int count) {
    for (int i = 0; i < count; i++) {
      c[target + i] = accumulate ? c[target + i] + tile[at + i] : tile[at + i];
    }
  }

  /** Adds to some columns the rows of B from {@code low} to {@code high}, each times a factor. */
  private void sums(int from, int to, int low, int high) {
    int i = 0;
    for (; i + TILE <= m; i += TILE) {
      int j = from;
      for (; j + 2 * LANES <= to; j += 2 * LANES) {
        fourRows(i, j, low, high);
      }
      for (int r = i; r < i + TILE; r++) {
        restOfRow(r, j, to, low, high);
      }
    }
    for (; i < m; i++) {
      restOfRow(i, from, to, low, high);
    }
  }

  private void restOfRow(int i, int from, int to, int low, int high) {
    int j = from;
    for (; j + LANES <= to; j += LANES) {
      oneRow(i, j, low, high);
    }
    for (; j < to; j++) {
      float sum = 0;
      for (int p = low; p < high; p++) {
        sum = Lanes.multiplyAdd(a[aOffset + i * lda + p], b[bOffset + p * ldb + j], sum);
      }
      int at = cOffset + i * ldc + j;
      c[at] = Lanes.multiplyAdd(alpha, sum, c[at]);
    }
  }

  private void fourRows(int i, int j, int low, int high) {
    float[] left = a;
    float[] right = b;
    int a0 = aOffset + i * lda;
    int a1 = a0 + lda;
    int a2 = a1 + lda;
    int a3 = a2 + lda;
    FloatVector s00 = FloatVector.zero(F);
    FloatVector s01 = FloatVector.zero(F);
    FloatVector s10 = FloatVector.zero(F);
    FloatVector s11 = FloatVector.zero(F);
    FloatVector s20 = FloatVector.zero(F);
    FloatVector s21 = FloatVector.zero(F);
    FloatVector s30 = FloatVector.zero(F);
    FloatVector s31 = FloatVector.zero(F);
    for (int p = low, at = bOffset + low * ldb + j; p < high; p++, at += ldb) {
      FloatVector v0 = FloatVector.fromArray(F, right, at);
      FloatVector v1 = FloatVector.fromArray(F, right, at + LANES);
      FloatVector x = FloatVector.broadcast(F, left[a0 + p]);
      s00 = Lanes.multiplyAdd(v0, x, s00);
      s01 = Lanes.multiplyAdd(v1, x, s01);
      x = FloatVector.broadcast(F, left[a1 + p]);
      s10 = Lanes.multiplyAdd(v0, x, s10);
      s11 = Lanes.multiplyAdd(v1, x, s11);
      x = FloatVector.broadcast(F, left[a2 + p]);
      s20 = Lanes.multiplyAdd(v0, x, s20);
      s21 = Lanes.multiplyAdd(v1, x, s21);
      x = FloatVector.broadcast(F, left[a3 + p]);
      s30 = Lanes.multiplyAdd(v0, x, s30);
      s31 = Lanes.multiplyAdd(v1, x, s31);
    }
    FloatVector factor = FloatVector.broadcast(F, alpha);
    float[] target = c;
    int at = cOffset + i * ldc + j;
    Lanes.multiplyAdd(s00, factor, FloatVector.fromArray(F, target, at)).intoArray(target, at);
    Lanes.multiplyAdd(s01, factor, FloatVector.fromArray(F, target, at + LANES))
        .intoArray(target, at + LANES);
    at += ldc;
    Lanes.multiplyAdd(s10, factor, FloatVector.fromArray(F, target, at)).intoArray(target, at);
    Lanes.multiplyAdd(s11, factor, FloatVector.fromArray(F, target, at + LANES))
        .intoArray(target, at + LANES);
    at += ldc;
    Lanes.multiplyAdd(s20, factor, FloatVector.fromArray(F, target, at)).intoArray(target, at);
    Lanes.multiplyAdd(s21, factor, FloatVector.fromArray(F, target, at + LANES))
        .intoArray(target, at + LANES);
    at += ldc;
    Lanes.multiplyAdd(s30, factor, FloatVector.fromArray(F, target, at)).intoArray(target, at);
    Lanes.multiplyAdd(s31, factor, FloatVector.fromArray(F, target, at + LANES))
        .intoArray(target, at + LANES);
  }

  /** One row times one vector of columns: four sums hide the latency of the additions. */
  private void oneRow(int i, int j, int low, int high) {
    float[] left = a;
    float[] right = b;
    int a0 = aOffset + i * lda;
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = FloatVector.zero(F);
    FloatVector s2 = FloatVector.zero(F);
    FloatVector s3 = FloatVector.zero(F);
    int p = low;
    int at = bOffset + low * ldb + j;
    for (; p + 4 <= high; p += 4, at += 4 * ldb) {
      FloatVector x = FloatVector.broadcast(F, left[a0 + p]);
      s0 = Lanes.multiplyAdd(FloatVector.fromArray(F, right, at), x, s0);
      x = FloatVector.broadcast(F, left[a0 + p + 1]);
      s1 = Lanes.multiplyAdd(FloatVector.fromArray(F, right, at + ldb), x, s1);
      x = FloatVector.broadcast(F, left[a0 + p + 2]);
      s2 = Lanes.multiplyAdd(FloatVector.fromArray(F, right, at + 2 * ldb), x, s2);
      x = FloatVector.broadcast(F, left[a0 + p + 3]);
      s3 = Lanes.multiplyAdd(FloatVector.fromArray(F, right, at + 3 * ldb), x, s3);
    }
    for (; p < high; p++, at += ldb) {
      FloatVector x = FloatVector.broadcast(F, left[a0 + p]);
      s0 = Lanes.multiplyAdd(FloatVector.fromArray(F, right, at), x, s0);
    }
    FloatVector sum = s0.add(s1).add(s2.add(s3));
    float[] target = c;
    int to = cOffset + i * ldc + j;
    FloatVector factor = FloatVector.broadcast(F, alpha);
    Lanes.multiplyAdd(sum, factor, FloatVector.fromArray(F, target, to)).intoArray(target, to);
  }
}
