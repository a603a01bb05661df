// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the Cholesky decomposition of Commons Math, in sizes around the block size. */
class LdlFactorizationTest {
  private static final Compute COMPUTE = Compute.scalar();

  static FloatMatrix positive(SeededRandom random, int size) {
    FloatMatrix draws = random.gaussianMatrix(size + size / 2 + 3, size);
    for (int t = 0; t < draws.rows(); t++) {
      for (int j = 0; j < size; j++) {
        draws.put(t, j, draws.get(t, j) * (j % 9 == 4 ? 6 : 1) + 0.3f);
      }
    }
    return FloatMatrix.wrap(size, size, Gram.of(draws, COMPUTE).values());
  }

  static RealMatrix real(FloatMatrix matrix) {
    double[][] values = new double[matrix.rows()][matrix.columns()];
    for (int i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        values[i][j] = matrix.get(i, j);
      }
    }
    return MatrixUtils.createRealMatrix(values);
  }

  private static double largest(RealMatrix matrix) {
    double largest = 0;
    for (double[] row : matrix.getData()) {
      for (double value : row) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    return largest;
  }

  private static void assertClose(
      RealMatrix expected, FloatMatrix actual, double tolerance, String what) {
    double bound = tolerance * largest(expected);
    for (int i = 0; i < actual.rows(); i++) {
      for (int j = 0; j < actual.columns(); j++) {
        int row = i;
        int column = j;
        assertEquals(
            expected.getEntry(i, j),
            actual.get(i, j),
            bound,
            () -> what + " (" + row + ", " + column + ")");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 31, 127, 128, 129, 130, 255, 256, 257, 300, 389})
  void agreesWithCommonsMath(int size) {
    SeededRandom random = new SeededRandom(size);
    FloatMatrix matrix = positive(random, size);
    LdlFactorization factors = LdlFactorization.of(matrix, COMPUTE).orElseThrow();
    CholeskyDecomposition expected = new CholeskyDecomposition(real(matrix), 1e-5, 1e-12);
    RealMatrix inverse = expected.getSolver().getInverse();

    assertClose(expected.getL(), factors.cholesky(), 1e-4, "L");
    FloatMatrix ours = factors.inverse(COMPUTE);
    assertClose(inverse, ours, 2e-3, "inverse");
    assertArrayEquals(ours.data(), ours.transpose().data(), random::toString);
    double[] diagonal = factors.inverseDiagonal(COMPUTE);
    double[] b = new double[size];
    for (int i = 0; i < size; i++) {
      assertEquals(
          inverse.getEntry(i, i), diagonal[i], 2e-3 * inverse.getEntry(i, i), random::toString);
      b[i] = random.nextGaussian();
    }
    double[] x = expected.getSolver().solve(MatrixUtils.createRealVector(b)).toArray();
    double[] solved = factors.solve(b);
    double norm = 0;
    for (double value : x) {
      norm = Math.max(norm, Math.abs(value));
    }
    assertArrayEquals(x, solved, 5e-3 * norm, random::toString);
  }

  @Test
  void theDiagonalIsThatOfTheTextbookForm() {
    // With the order reversed, 1 / D is the squared diagonal of chol(A^-1, upper).
    SeededRandom random = new SeededRandom(40);
    int size = 40;
    FloatMatrix matrix = positive(random, size);
    FloatMatrix reversed = FloatMatrix.zeros(size, size);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        reversed.put(i, j, matrix.get(size - 1 - i, size - 1 - j));
      }
    }
    double[] diagonal = LdlFactorization.of(reversed, COMPUTE).orElseThrow().diagonal();
    RealMatrix inverse =
        new CholeskyDecomposition(real(matrix), 1e-5, 1e-12).getSolver().getInverse();
    RealMatrix upper = new CholeskyDecomposition(inverse, 1e-5, 1e-12).getLT();
    for (int i = 0; i < size; i++) {
      double expected = upper.getEntry(i, i) * upper.getEntry(i, i);
      assertEquals(expected, 1 / diagonal[size - 1 - i], 1e-3 * expected, random::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({"129, 2", "400, 3"})
  void threadsDoNotShow(int size, int threads) {
    FloatMatrix matrix = positive(new SeededRandom(size), size);
    WorkerTeam team = WorkerTeam.ofThreads(threads);
    LdlFactorization one = LdlFactorization.of(matrix, COMPUTE).orElseThrow();
    LdlFactorization several = LdlFactorization.of(matrix, COMPUTE.withTeam(team)).orElseThrow();
    assertArrayEquals(one.diagonal(), several.diagonal());
    assertArrayEquals(one.cholesky().data(), several.cholesky().data());
    assertArrayEquals(one.inverse(COMPUTE).data(), several.inverse(COMPUTE.withTeam(team)).data());
  }

  @Test
  void refusesWhatIsNotPositiveDefinite() {
    FloatMatrix zero = FloatMatrix.zeros(5, 5);
    assertTrue(LdlFactorization.of(zero, COMPUTE).isEmpty());
    FloatMatrix indefinite = FloatMatrix.of(new float[][] {{1, 2}, {2, 1}});
    assertTrue(LdlFactorization.of(indefinite, COMPUTE).isEmpty());
    FloatMatrix matrix = positive(new SeededRandom(1), 300);
    matrix.put(7, 250, Float.NaN);
    assertTrue(LdlFactorization.of(matrix, COMPUTE).isEmpty());
    matrix.put(7, 250, Float.POSITIVE_INFINITY);
    assertTrue(LdlFactorization.of(matrix, COMPUTE).isEmpty());
    float[] identity = {1, 0, 0, 1};
    assertTrue(LdlFactorization.overwrite(identity.clone(), 2, 1.1, COMPUTE).isEmpty());
    assertFalse(LdlFactorization.overwrite(identity.clone(), 2, 0.9, COMPUTE).isEmpty());
    assertThrows(
        IllegalArgumentException.class,
        () -> LdlFactorization.of(FloatMatrix.zeros(2, 3), COMPUTE));
    assertThrows(
        IllegalArgumentException.class, () -> LdlFactorization.overwrite(identity, 3, 1, COMPUTE));
    assertThrows(
        IllegalArgumentException.class, () -> LdlFactorization.overwrite(identity, 2, 0, COMPUTE));
  }
}
