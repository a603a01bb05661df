// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VectorLinearAlgebraTest {
  private static final WorkerTeam ONE = WorkerTeam.sequential();
  private static final WorkerTeam THREE = WorkerTeam.ofThreads(3);

  private final VectorLinearAlgebra algebra = new VectorLinearAlgebra(new ScratchPool());

  /** The bound that the class states. */
  private static double bound(int k, double sumOfMagnitudes) {
    return (260 + Math.ceilDiv(k, 256)) * 0x1p-24 * 1.001 * sumOfMagnitudes;
  }

  /** A strided matrix somewhere in an array, with marks where nothing may be written. */
  private static final class Placed {
    final int rows;
    final int columns;
    final int offset;
    final int ld;
    final float[] data;

    Placed(SeededRandom random, int rows, int columns) {
      this.rows = rows;
      this.columns = columns;
      this.offset = random.nextInt(0, 9);
      this.ld = columns + random.nextInt(0, 5);
      this.data = random.gaussians(offset + rows * ld + random.nextInt(0, 4));
    }

    MatrixView view() {
      return view(data);
    }

    /** The same place in another array. */
    MatrixView view(float[] array) {
      return new MatrixView(array, offset, rows, columns, ld);
    }

    double at(int row, int column) {
      return data[offset + row * ld + column];
    }

    boolean owns(int index) {
      int inner = index - offset;
      return inner >= 0 && inner < rows * ld && inner % ld < columns;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 5000", "1, 33, 300", "3, 32, 257", "8, 64, 256", "9, 31, 512", "17, 65, 100",
    "64, 256, 16", "65, 257, 40", "130, 40, 33", "2, 1100, 7", "7, 7, 7", "2050, 5, 3",
    "4, 70, 4096", "7, 301, 64", "5, 33, 1023", "1, 258, 47"
  })
  void multiplyTransposedAgreesWithDoubleSums(int m, int n, int k) {
    SeededRandom random = new SeededRandom(m * 31L + n * 17L + k);
    Placed a = new Placed(random, m, k);
    Placed b = new Placed(random, n, k);
    for (boolean accumulate : new boolean[] {false, true}) {
      Placed c = new Placed(random, m, n);
      float[] before = c.data.clone();
      float[] again = c.data.clone();
      algebra.multiplyTransposed(a.view(), b.view(), accumulate, c.view(), ONE);
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double start = accumulate ? before[c.offset + i * c.ld + j] : 0;
          double sum = start;
          double magnitudes = Math.abs(start);
          for (int p = 0; p < k; p++) {
            sum += a.at(i, p) * b.at(j, p);
            magnitudes += Math.abs(a.at(i, p) * b.at(j, p));
          }
          assertEquals(sum, c.at(i, j), bound(k, magnitudes), i + ", " + j + ", " + random);
        }
      }
      assertRestUntouched(c, before, random);
      algebra.multiplyTransposed(a.view(), b.view(), accumulate, c.view(again), THREE);
      assertArrayEquals(c.data, again, "threads change nothing, " + random);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 5000",
    "4, 64, 700",
    "6, 301, 33",
    "7, 47, 530",
    "1, 128, 300",
    "5, 33, 300",
    "64, 64, 256",
    "17, 65, 100",
    "65, 1030, 20",
    "100, 100, 1"
  })
  void multiplyAddAgreesWithDoubleSums(int m, int n, int k) {
    SeededRandom random = new SeededRandom(m * 13L + n * 7L + k);
    Placed a = new Placed(random, m, k);
    Placed b = new Placed(random, k, n);
    Placed c = new Placed(random, m, n);
    float[] before = c.data.clone();
    float[] again = c.data.clone();
    float alpha = -0.75f;
    algebra.multiplyAdd(alpha, a.view(), b.view(), c.view(), ONE);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = before[c.offset + i * c.ld + j];
        double magnitudes = Math.abs(sum);
        for (int p = 0; p < k; p++) {
          sum += alpha * a.at(i, p) * b.at(p, j);
          magnitudes += Math.abs(alpha * a.at(i, p) * b.at(p, j));
        }
        assertEquals(sum, c.at(i, j), bound(k, magnitudes), i + ", " + j + ", " + random);
      }
    }
    assertRestUntouched(c, before, random);
    algebra.multiplyAdd(alpha, a.view(), b.view(), c.view(again), THREE);
    assertArrayEquals(c.data, again, "threads change nothing, " + random);
  }

  private static void assertRestUntouched(Placed c, float[] before, SeededRandom random) {
    for (int i = 0; i < before.length; i++) {
      if (!c.owns(i)) {
        assertEquals(before[i], c.data[i], "written outside the matrix at " + i + ", " + random);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 70", "5000, 1", "3, 40", "100, 33", "257, 65", "40, 130", "7, 1100"})
  void addGramAgreesWithDoubleSumsAndIsSymmetric(int tokens, int columns) {
    SeededRandom random = new SeededRandom(tokens * 131L + columns);
    int ldx = columns + random.nextInt(0, 3);
    float[] x = random.gaussians(3 + tokens * ldx);
    MatrixView inputs = new MatrixView(x, 3, tokens, columns, ldx);
    float[] start = new float[columns * columns];
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j <= i; j++) {
        start[i * columns + j] = random.nextGaussian();
        start[j * columns + i] = start[i * columns + j];
      }
    }
    float[] h = start.clone();
    algebra.addGram(inputs, MatrixView.dense(h, columns, columns), ONE);
    int step = columns > 500 ? 97 : 1;
    for (int i = 0; i < columns; i++) {
      for (int j = i % step; j < columns; j += step) {
        double sum = start[i * columns + j];
        double magnitudes = Math.abs(sum);
        for (int t = 0; t < tokens; t++) {
          double product = (double) x[3 + t * ldx + i] * x[3 + t * ldx + j];
          sum += product;
          magnitudes += Math.abs(product);
        }
        assertEquals(sum, h[i * columns + j], bound(tokens, magnitudes), random.toString());
        assertEquals(h[i * columns + j], h[j * columns + i], "symmetry, " + random);
      }
    }
    float[] again = start.clone();
    algebra.addGram(inputs, MatrixView.dense(again, columns, columns), THREE);
    assertArrayEquals(h, again, "threads change nothing, " + random);
    float[] padded = new float[5 + columns * (columns + 1)];
    MatrixView placed = new MatrixView(padded, 5, columns, columns, columns + 1);
    for (int i = 0; i < columns; i++) {
      System.arraycopy(start, i * columns, padded, placed.index(i, 0), columns);
    }
    algebra.addGram(inputs, placed, ONE);
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < columns; j++) {
        assertEquals(h[i * columns + j], padded[placed.index(i, j)], "rows apart, " + random);
      }
      assertEquals(0f, padded[placed.index(i, columns)], "written between rows, " + random);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomShapes(long seed) {
    SeededRandom random = new SeededRandom(seed);
    for (int round = 0; round < 6; round++) {
      multiplyTransposedAgreesWithDoubleSums(
          random.nextInt(1, 90), random.nextInt(1, 90), random.nextInt(1, 600));
    }
  }

  @Test
  void emptyShapes() {
    float[] c = {1, 2, 3, 4};
    MatrixView result = MatrixView.dense(c, 2, 2);
    MatrixView none = MatrixView.dense(c, 2, 0);
    algebra.multiplyTransposed(
        MatrixView.dense(c, 0, 3),
        MatrixView.dense(new float[12], 4, 3),
        false,
        MatrixView.dense(c, 0, 4),
        ONE);
    algebra.multiplyAdd(1f, none, MatrixView.dense(c, 0, 2), result, ONE);
    assertArrayEquals(new float[] {1, 2, 3, 4}, c);
    algebra.multiplyTransposed(none, none, false, result, ONE);
    assertArrayEquals(new float[4], c);
  }

  @Test
  void badShapesAreRefused() {
    MatrixView ten = MatrixView.dense(new float[100], 10, 10);
    MatrixView nine = MatrixView.dense(new float[90], 10, 9);
    for (Executable call :
        List.<Executable>of(
            () -> algebra.multiplyTransposed(ten, nine, false, ten, ONE),
            () -> algebra.multiplyTransposed(ten, ten, false, nine, ONE),
            () -> algebra.multiplyAdd(1f, nine, ten, ten, ONE),
            () -> algebra.multiplyAdd(1f, ten, ten, nine, ONE),
            () -> algebra.addGram(nine, ten, ONE))) {
      String message = assertThrows(IllegalArgumentException.class, call).getMessage();
      assertTrue(message.contains("expected ["), message);
    }
  }

  @Test
  void nanAndInfinityPassThrough() {
    int n = 40;
    float[] a = new float[n * n];
    float[] b = new float[n * n];
    Arrays.fill(a, 1f);
    Arrays.fill(b, 1f);
    a[3 * n + 5] = Float.NaN;
    b[7 * n + 2] = Float.POSITIVE_INFINITY;
    float[] c = new float[n * n];
    algebra.multiplyTransposed(
        MatrixView.dense(a, n, n),
        MatrixView.dense(b, n, n),
        false,
        MatrixView.dense(c, n, n),
        ONE);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        float expected = i == 3 ? Float.NaN : j == 7 ? Float.POSITIVE_INFINITY : n;
        assertEquals(expected, c[i * n + j]);
      }
    }
  }
}
