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
      MatrixView a, MatrixView b, boolean accumulate, MatrixView c, WorkerTeam team) {
    MatrixView.requireTransposedProduct(a, b, c);
    int m = c.rows();
    int n = c.columns();
    int k = a.columns();
    team.run(
        Math.ceilDiv(n, TRANSPOSED_WIDTH),
        part -> {
          int from = part * TRANSPOSED_WIDTH;
          int width = Math.min(TRANSPOSED_WIDTH, n - from);
          float[] target = c.data();
          if (m < ROWS_FOR_TRANSPOSING) {
            for (int i = 0; i < m; i++) {
              for (int j = from; j < from + width; j++) {
                float sum = dot(k, a.data(), a.index(i, 0), b.data(), b.index(j, 0));
                int at = c.index(i, j);
                target[at] = accumulate ? target[at] + sum : sum;
              }
            }
          } else {
            if (!accumulate) {
              for (int i = 0; i < m; i++) {
                int at = c.index(i, from);
                Arrays.fill(target, at, at + width, 0);
              }
            }
            panelTransposed(a, b.part(from, 0, width, k), c.part(0, from, m, width));
          }
        });
  }

  /** Adds A times the transpose of a few rows of B, which become columns in scratch memory. */
  private static void panelTransposed(MatrixView a, MatrixView b, MatrixView c) {
    int width = b.rows();
    int k = a.columns();
    float[] source = b.data();
    float[][] columns = new float[DEPTH][width];
    float[] factors = new float[DEPTH];
    float[] sums = new float[width];
    for (int p = 0; p < k; p += DEPTH) {
      int depth = Math.min(DEPTH, k - p);
      int padded = Lanes.padded(depth);
      for (int j = 0; j < width; j++) {
        int row = b.index(j, p);
        for (int q = 0; q < depth; q++) {
          columns[q][j] = source[row + q];
        }
      }
      for (int q = depth; q < padded; q++) {
        Arrays.fill(columns[q], 0);
      }
      for (int i = 0; i < c.rows(); i++) {
        int at = c.index(i, 0);
        System.arraycopy(a.data(), a.index(i, p), factors, 0, depth);
        Arrays.fill(factors, depth, padded, 0);
        System.arraycopy(c.data(), at, sums, 0, width);
        for (int q = 0; q < padded; q += Lanes.GROUP) {
          Lanes.add4(width, factors, q, columns, q, sums);
        }
        System.arraycopy(sums, 0, c.data(), at, width);
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
  public void multiplyAdd(float alpha, MatrixView a, MatrixView b, MatrixView c, WorkerTeam team) {
    MatrixView.requireProduct(a, b, c);
    int m = c.rows();
    int n = c.columns();
    int k = a.columns();
    float[] left = a.data();
    int across = Math.ceilDiv(n, WIDTH);
    team.run(
        Math.ceilDiv(m, ROWS) * across,
        part -> {
          int row = part / across * ROWS;
          int column = part % across * WIDTH;
          Block block = new Block(Math.min(ROWS, m - row), Math.min(WIDTH, n - column));
          block.load(c, row, column);
          for (int p = 0; p < k; p += Lanes.GROUP) {
            int depth = Math.min(Lanes.GROUP, k - p);
            for (int i = 0; i < block.height; i++) {
              int at = a.index(row + i, p);
              for (int q = 0; q < depth; q++) {
                block.factors[i * Lanes.GROUP + q] = alpha * left[at + q];
              }
            }
            block.add(depth, b, p, column);
          }
          block.store(c, row, column);
        });
  }

  @Override
  public void addGram(MatrixView x, MatrixView h, WorkerTeam team) {
    MatrixView.requireGram(x, h);
    int tokens = x.rows();
    int columns = x.columns();
    float[] inputs = x.data();
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
          block.load(h, row, column);
          for (int t = 0; t < tokens; t += Lanes.GROUP) {
            int depth = Math.min(Lanes.GROUP, tokens - t);
            for (int i = 0; i < height; i++) {
              for (int q = 0; q < depth; q++) {
                block.factors[i * Lanes.GROUP + q] = inputs[x.index(t + q, row + i)];
              }
            }
            block.add(depth, x, t, column);
          }
          block.store(h, row, column);
        });
    mirror(h, team);
  }

  /** Copies the lower triangle to the upper one, in tiles that stay in the first-level cache. */
  private static void mirror(MatrixView h, WorkerTeam team) {
    int size = h.rows();
    float[] data = h.data();
    team.run(
        Math.ceilDiv(size, MIRROR_TILE),
        part -> {
          int top = part * MIRROR_TILE;
          int bottom = Math.min(size, top + MIRROR_TILE);
          for (int left = 0; left < bottom; left += MIRROR_TILE) {
            int right = Math.min(bottom, left + MIRROR_TILE);
            for (int i = top; i < bottom; i++) {
              for (int j = left; j < Math.min(i, right); j++) {
                data[h.index(j, i)] = data[h.index(i, j)];
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

    void load(MatrixView c, int row, int column) {
      for (int i = 0; i < height; i++) {
        System.arraycopy(c.data(), c.index(row + i, column), sums[i], 0, width);
      }
    }

    /** Adds the factors times up to four rows. */
    void add(int depth, MatrixView b, int row, int column) {
      for (int q = 0; q < depth; q++) {
        System.arraycopy(b.data(), b.index(row + q, column), rows[q], 0, width);
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

    void store(MatrixView c, int row, int column) {
      for (int i = 0; i < height; i++) {
        System.arraycopy(sums[i], 0, c.data(), c.index(row + i, column), width);
      }
    }
  }
}
