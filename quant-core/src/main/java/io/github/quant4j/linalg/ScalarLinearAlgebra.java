// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.lane.Lanes;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.Arrays;

/**
 * Dense operations in plain Java: the reference for other providers, and what runs when there is no
 * other.
 *
 * <p>All three products come down to {@link Lanes#add4}: operands are copied block by block into
 * arrays of their own, which is what lets the JIT compiler vectorise the inner loop. Copying costs
 * one move for every 32 multiply-adds or more. Measured at about half the speed of a kernel on the
 * Vector API.
 */
public final class ScalarLinearAlgebra implements LinearAlgebra {
  private static final int ROWS = 32;
  private static final int WIDTH = 512;
  private static final int DEPTH = 128;
  private static final int TRANSPOSED_WIDTH = 256;

  /** From this many rows on it pays to transpose the second factor. */
  private static final int ROWS_FOR_TRANSPOSING = 4;

  private static final int MIRROR_TILE = 32;

  /** Makes the provider; it has no state. */
  public ScalarLinearAlgebra() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void multiplyTransposed(
      int m,
      int n,
      int k,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      boolean accumulate,
      float[] c,
      int cOffset,
      int ldc,
      WorkerTeam team) {
    team.run(
        Math.ceilDiv(n, TRANSPOSED_WIDTH),
        part -> {
          int from = part * TRANSPOSED_WIDTH;
          int width = Math.min(TRANSPOSED_WIDTH, n - from);
          if (m < ROWS_FOR_TRANSPOSING) {
            for (int i = 0; i < m; i++) {
              for (int j = from; j < from + width; j++) {
                float sum = dot(k, a, aOffset + i * lda, b, bOffset + j * ldb);
                int at = cOffset + i * ldc + j;
                c[at] = accumulate ? c[at] + sum : sum;
              }
            }
          } else {
            if (!accumulate) {
              for (int i = 0; i < m; i++) {
                int at = cOffset + i * ldc + from;
                Arrays.fill(c, at, at + width, 0);
              }
            }
            panelTransposed(
                m, width, k, a, aOffset, lda, b, bOffset + from * ldb, ldb, c, cOffset + from, ldc);
          }
        });
  }

  /** Adds A times the transpose of a few rows of B, which become columns in scratch memory. */
  private static void panelTransposed(
      int m,
      int width,
      int k,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset,
      int ldc) {
    float[][] columns = new float[DEPTH][width];
    float[] factors = new float[DEPTH];
    float[] sums = new float[width];
    for (int p = 0; p < k; p += DEPTH) {
      int depth = Math.min(DEPTH, k - p);
      int padded = Lanes.padded(depth);
      for (int j = 0; j < width; j++) {
        for (int q = 0; q < depth; q++) {
          columns[q][j] = b[bOffset + j * ldb + p + q];
        }
      }
      for (int q = depth; q < padded; q++) {
        Arrays.fill(columns[q], 0);
      }
      for (int i = 0; i < m; i++) {
        int at = cOffset + i * ldc;
        System.arraycopy(a, aOffset + i * lda + p, factors, 0, depth);
        Arrays.fill(factors, depth, padded, 0);
        System.arraycopy(c, at, sums, 0, width);
        for (int q = 0; q < padded; q += Lanes.GROUP) {
          Lanes.add4(width, factors, q, columns, q, sums);
        }
        System.arraycopy(sums, 0, c, at, width);
      }
    }
  }

  /** Eight independent sums hide the latency of the additions. */
  private static float dot(int k, float[] a, int aOffset, float[] b, int bOffset) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int i = 0;
    for (; i + 8 <= k; i += 8) {
      s0 += a[aOffset + i] * b[bOffset + i];
      s1 += a[aOffset + i + 1] * b[bOffset + i + 1];
      s2 += a[aOffset + i + 2] * b[bOffset + i + 2];
      s3 += a[aOffset + i + 3] * b[bOffset + i + 3];
      s4 += a[aOffset + i + 4] * b[bOffset + i + 4];
      s5 += a[aOffset + i + 5] * b[bOffset + i + 5];
      s6 += a[aOffset + i + 6] * b[bOffset + i + 6];
      s7 += a[aOffset + i + 7] * b[bOffset + i + 7];
    }
    for (; i < k; i++) {
      s0 += a[aOffset + i] * b[bOffset + i];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }

  @Override
  public void multiplyAdd(
      int m,
      int n,
      int k,
      float alpha,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset,
      int ldc,
      WorkerTeam team) {
    int across = Math.ceilDiv(n, WIDTH);
    team.run(
        Math.ceilDiv(m, ROWS) * across,
        part -> {
          int row = part / across * ROWS;
          int column = part % across * WIDTH;
          Block block = new Block(Math.min(ROWS, m - row), Math.min(WIDTH, n - column));
          block.load(c, cOffset + row * ldc + column, ldc);
          for (int p = 0; p < k; p += Lanes.GROUP) {
            int depth = Math.min(Lanes.GROUP, k - p);
            for (int i = 0; i < block.height; i++) {
              for (int q = 0; q < depth; q++) {
                block.factors[i * Lanes.GROUP + q] = alpha * a[aOffset + (row + i) * lda + p + q];
              }
            }
            block.add(depth, b, bOffset + p * ldb + column, ldb);
          }
          block.store(c, cOffset + row * ldc + column, ldc);
        });
  }

  @Override
  public void addGram(int tokens, int columns, float[] x, int xOffset, float[] h, WorkerTeam team) {
    int across = Math.ceilDiv(columns, WIDTH);
    team.run(
        Math.ceilDiv(columns, ROWS) * across,
        part -> {
          int row = part / across * ROWS;
          int column = part % across * WIDTH;
          int height = Math.min(ROWS, columns - row);
          // Only what meets the lower triangle.
          int width = Math.min(WIDTH, row + height - column);
          if (width <= 0) {
            return;
          }
          Block block = new Block(height, width);
          block.load(h, row * columns + column, columns);
          for (int t = 0; t < tokens; t += Lanes.GROUP) {
            int depth = Math.min(Lanes.GROUP, tokens - t);
            for (int i = 0; i < height; i++) {
              for (int q = 0; q < depth; q++) {
                block.factors[i * Lanes.GROUP + q] = x[xOffset + (t + q) * columns + row + i];
              }
            }
            block.add(depth, x, xOffset + t * columns + column, columns);
          }
          block.store(h, row * columns + column, columns);
        });
    mirror(h, columns, team);
  }

  /** Copies the lower triangle to the upper one, in tiles that stay in the first-level cache. */
  private static void mirror(float[] h, int size, WorkerTeam team) {
    team.run(
        Math.ceilDiv(size, MIRROR_TILE),
        part -> {
          int top = part * MIRROR_TILE;
          int bottom = Math.min(size, top + MIRROR_TILE);
          for (int left = 0; left < bottom; left += MIRROR_TILE) {
            int right = Math.min(bottom, left + MIRROR_TILE);
            for (int i = top; i < bottom; i++) {
              for (int j = left; j < Math.min(i, right); j++) {
                h[j * size + i] = h[i * size + j];
              }
            }
          }
        });
  }

  /** A block of the result, with the rows that are being multiplied into it. */
  private static final class Block {
    final int height;
    final int width;
    final float[][] sums;
    final float[][] rows;
    final float[] factors;

    Block(int height, int width) {
      this.height = height;
      this.width = width;
      this.sums = new float[height][width];
      this.rows = new float[Lanes.GROUP][width];
      this.factors = new float[height * Lanes.GROUP];
    }

    void load(float[] c, int from, int ldc) {
      for (int i = 0; i < height; i++) {
        System.arraycopy(c, from + i * ldc, sums[i], 0, width);
      }
    }

    /** Adds the factors times up to four rows. */
    void add(int depth, float[] b, int from, int ldb) {
      for (int q = 0; q < depth; q++) {
        System.arraycopy(b, from + q * ldb, rows[q], 0, width);
      }
      if (depth < Lanes.GROUP) {
        for (int q = depth; q < Lanes.GROUP; q++) {
          Arrays.fill(rows[q], 0);
          for (int i = 0; i < height; i++) {
            factors[i * Lanes.GROUP + q] = 0;
          }
        }
      }
      for (int i = 0; i < height; i++) {
        Lanes.add4(width, factors, i * Lanes.GROUP, rows, 0, sums[i]);
      }
    }

    void store(float[] c, int from, int ldc) {
      for (int i = 0; i < height; i++) {
        System.arraycopy(sums[i], 0, c, from + i * ldc, width);
      }
    }
  }
}
