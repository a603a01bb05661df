// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.parallel.WorkerTeam;

/**
 * Dense operations in plain Java: the reference for other providers, and what runs when there is no
 * other.
 *
 * <p>The inner loops are unit-stride updates {@code y += a x} and eight-way dot products, which the
 * JIT compiler turns into vector code by itself; about 5 GFLOP/s where a blocked kernel reaches 70.
 */
public final class ScalarLinearAlgebra implements LinearAlgebra {
  private static final int ROWS_IN_PART = 16;

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
        Math.ceilDiv(n, ROWS_IN_PART),
        part -> {
          int to = Math.min(n, (part + 1) * ROWS_IN_PART);
          for (int i = 0; i < m; i++) {
            for (int j = part * ROWS_IN_PART; j < to; j++) {
              float sum = dot(k, a, aOffset + i * lda, b, bOffset + j * ldb);
              int at = cOffset + i * ldc + j;
              c[at] = accumulate ? c[at] + sum : sum;
            }
          }
        });
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
    team.run(
        Math.ceilDiv(m, ROWS_IN_PART),
        part -> {
          int to = Math.min(m, (part + 1) * ROWS_IN_PART);
          for (int i = part * ROWS_IN_PART; i < to; i++) {
            for (int p = 0; p < k; p++) {
              axpy(n, alpha * a[aOffset + i * lda + p], b, bOffset + p * ldb, c, cOffset + i * ldc);
            }
          }
        });
  }

  private static void axpy(int n, float factor, float[] x, int xOffset, float[] y, int yOffset) {
    for (int j = 0; j < n; j++) {
      y[yOffset + j] += factor * x[xOffset + j];
    }
  }

  @Override
  public void addGram(int tokens, int columns, float[] x, int xOffset, float[] h, WorkerTeam team) {
    team.run(
        Math.ceilDiv(columns, ROWS_IN_PART),
        part -> {
          int to = Math.min(columns, (part + 1) * ROWS_IN_PART);
          for (int i = part * ROWS_IN_PART; i < to; i++) {
            for (int t = 0; t < tokens; t++) {
              int row = xOffset + t * columns;
              axpy(i + 1, x[row + i], x, row, h, i * columns);
            }
          }
        });
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < i; j++) {
        h[j * columns + i] = h[i * columns + j];
      }
    }
  }
}
