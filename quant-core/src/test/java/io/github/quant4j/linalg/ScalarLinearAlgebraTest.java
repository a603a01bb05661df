// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The three products against sums in double, for odd shapes, offsets and row distances. */
class ScalarLinearAlgebraTest {
  private static final LinearAlgebra ALGEBRA = new ScalarLinearAlgebra();

  private record Shape(int m, int n, int k) {}

  private static Shape shape(SeededRandom random, long seed) {
    return seed == 1
        ? new Shape(40, 700, 133)
        : new Shape(random.nextInt(1, 70), random.nextInt(1, 600), random.nextInt(1, 300));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void products(long seed) {
    SeededRandom random = new SeededRandom(seed);
    Shape s = shape(random, seed);
    int lda = s.k + 2;
    int ldc = s.n + 3;
    float[] a = random.gaussians(5 + s.m * lda);
    float[] start = random.gaussians(7 + s.m * ldc);

    int ldb = s.n + 1;
    float[] b = random.gaussians(4 + s.k * ldb);
    float[] c = start.clone();
    MatrixView left = new MatrixView(a, 5, s.m, s.k, lda);
    ALGEBRA.multiplyAdd(
        -0.5f,
        left,
        new MatrixView(b, 4, s.k, s.n, ldb),
        new MatrixView(c, 7, s.m, s.n, ldc),
        WorkerTeam.ofThreads(2));
    int ldt = s.k + 1;
    float[] t = random.gaussians(4 + s.n * ldt);
    float[] sums = start.clone();
    MatrixView right = new MatrixView(t, 4, s.n, s.k, ldt);
    ALGEBRA.multiplyTransposed(
        left, right, true, new MatrixView(sums, 7, s.m, s.n, ldc), WorkerTeam.ofThreads(2));
    float[] fresh = start.clone();
    ALGEBRA.multiplyTransposed(
        left, right, false, new MatrixView(fresh, 7, s.m, s.n, ldc), WorkerTeam.sequential());

    for (int i = 0; i < s.m; i++) {
      for (int j = 0; j < ldc; j++) {
        int at = 7 + i * ldc + j;
        if (at >= c.length) {
          continue;
        }
        if (j >= s.n) {
          assertEquals(start[at], c[at], "padding must stay");
          assertEquals(start[at], sums[at], "padding must stay");
          assertEquals(start[at], fresh[at], "padding must stay");
          continue;
        }
        double product = 0;
        double transposed = 0;
        for (int p = 0; p < s.k; p++) {
          product += (double) a[5 + i * lda + p] * b[4 + p * ldb + j];
          transposed += (double) a[5 + i * lda + p] * t[4 + j * ldt + p];
        }
        assertEquals(start[at] - 0.5 * product, c[at], 1e-4, random::toString);
        assertEquals(start[at] + transposed, sums[at], 1e-4, random::toString);
        assertEquals(transposed, fresh[at], 1e-4, random::toString);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void gram(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int tokens = random.nextInt(1, 70);
    int columns = seed == 1 ? 600 : random.nextInt(1, 200);
    int ldx = columns + random.nextInt(0, 3);
    float[] x = random.gaussians(3 + tokens * ldx);
    MatrixView inputs = new MatrixView(x, 3, tokens, columns, ldx);
    int ldh = columns + random.nextInt(0, 3);
    float[] h = new float[2 + columns * ldh];
    MatrixView moment = new MatrixView(h, 2, columns, columns, ldh);
    ALGEBRA.addGram(inputs, moment, WorkerTeam.ofThreads(3));
    float[] alone = new float[h.length];
    ALGEBRA.addGram(
        inputs, new MatrixView(alone, 2, columns, columns, ldh), WorkerTeam.sequential());
    assertArrayEquals(alone, h, random::toString);
    ALGEBRA.addGram(inputs, moment, WorkerTeam.sequential());
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int t = 0; t < tokens; t++) {
          sum += (double) x[3 + t * ldx + i] * x[3 + t * ldx + j];
        }
        assertEquals(2 * sum, h[2 + i * ldh + j], 1e-4, random::toString);
      }
    }
  }
}
