// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the singular values of Commons Math. */
class TruncatedSvdTest {
  private static final Compute COMPUTE = Compute.scalar();

  private static double residual(FloatMatrix matrix, TruncatedSvd svd) {
    double sum = 0;
    for (int i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        double value = matrix.get(i, j);
        for (int r = 0; r < svd.values().length; r++) {
          value -= svd.left().get(i, r) * svd.values()[r] * svd.right().get(r, j);
        }
        sum += value * value;
      }
    }
    return sum;
  }

  private static FloatMatrix decaying(SeededRandom random, int m, int n, int terms) {
    FloatMatrix left = random.gaussianMatrix(m, terms);
    FloatMatrix right = random.gaussianMatrix(terms, n);
    for (int r = 0; r < terms; r++) {
      for (int j = 0; j < n; j++) {
        right.put(r, j, right.get(r, j) * (float) Math.pow(0.7, r));
      }
    }
    FloatMatrix matrix = FloatMatrix.zeros(m, n);
    COMPUTE.multiplyAdd(1, MatrixView.of(left), MatrixView.of(right), MatrixView.of(matrix));
    return matrix;
  }

  @ParameterizedTest
  @CsvSource({"60, 40, 5", "30, 90, 12", "7, 7, 7", "1, 20, 1", "25, 1, 1", "40, 200, 40"})
  void findsTheLeadingTerms(int m, int n, int rank) {
    SeededRandom random = new SeededRandom(m * 1000L + n);
    FloatMatrix matrix = decaying(random, m, n, 40);
    double[] all =
        new SingularValueDecomposition(LdlFactorizationTest.real(matrix)).getSingularValues();
    double least = 0;
    for (int r = rank; r < all.length; r++) {
      least += all[r] * all[r];
    }
    for (TruncatedSvd svd :
        new TruncatedSvd[] {
          TruncatedSvd.of(matrix, rank, 4, COMPUTE), TruncatedSvd.exact(matrix, rank)
        }) {
      for (int r = 0; r < rank; r++) {
        assertEquals(all[r], svd.values()[r], 1e-3 * all[r] + 1e-5 * all[0], random::toString);
      }
      assertEquals(least, residual(matrix, svd), 1e-3 * least + 1e-6 * all[0], random::toString);
      assertOrthonormal(svd, rank);
    }
  }

  private static void assertOrthonormal(TruncatedSvd svd, int rank) {
    for (int r = 0; r < rank; r++) {
      for (int s = 0; s <= r; s++) {
        if (svd.values()[r] == 0) {
          continue;
        }
        double left = 0;
        for (int i = 0; i < svd.left().rows(); i++) {
          left += svd.left().get(i, r) * svd.left().get(i, s);
        }
        double right = 0;
        for (int j = 0; j < svd.right().columns(); j++) {
          right += svd.right().get(r, j) * svd.right().get(s, j);
        }
        assertEquals(r == s ? 1 : 0, left, 1e-4);
        // Right vectors of small values carry the rounding of the large ones.
        assertEquals(r == s ? 1 : 0, right, 1e-5 * svd.values()[0] / svd.values()[r] + 1e-4);
      }
    }
  }

  @Test
  void flatSpectraComeCloseToTheBestApproximation() {
    SeededRandom random = new SeededRandom(3);
    FloatMatrix matrix = random.gaussianMatrix(150, 220);
    double best = residual(matrix, TruncatedSvd.exact(matrix, 16));
    double ours = residual(matrix, TruncatedSvd.of(matrix, 16, 8, COMPUTE));
    assertTrue(ours >= best * 0.99999 && ours <= best * 1.005, best + " and " + ours);
  }

  @Test
  void lowRankAndZeroMatricesHaveZeroValues() {
    SeededRandom random = new SeededRandom(4);
    FloatMatrix matrix = decaying(random, 30, 50, 2);
    TruncatedSvd svd = TruncatedSvd.of(matrix, 6, 2, COMPUTE);
    assertArrayEquals(new double[4], java.util.Arrays.copyOfRange(svd.values(), 2, 6), 1e-12);
    assertTrue(svd.left().isFinite() && svd.right().isFinite());
    TruncatedSvd zero = TruncatedSvd.of(FloatMatrix.zeros(9, 5), 3, 2, COMPUTE);
    assertArrayEquals(new double[3], zero.values());
    assertTrue(zero.left().isFinite() && zero.right().isFinite());
  }

  @Test
  void threadsDoNotShow() {
    FloatMatrix matrix = decaying(new SeededRandom(5), 200, 120, 30);
    TruncatedSvd one = TruncatedSvd.of(matrix, 10, 2, COMPUTE);
    TruncatedSvd two = TruncatedSvd.of(matrix, 10, 2, COMPUTE.withTeam(WorkerTeam.ofThreads(2)));
    assertArrayEquals(one.left().data(), two.left().data());
    assertArrayEquals(one.right().data(), two.right().data());
    assertArrayEquals(one.values(), two.values());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 17, 60})
  void eigenvectorsRebuildTheMatrix(int size) {
    SeededRandom random = new SeededRandom(size);
    FloatMatrix matrix = LdlFactorizationTest.positive(random, size);
    SymmetricEigen eigen = SymmetricEigen.of(matrix);
    double scale = eigen.values()[0];
    for (int i = 0; i < size; i++) {
      assertTrue(i == 0 || eigen.values()[i] <= eigen.values()[i - 1], random::toString);
      for (int j = 0; j < size; j++) {
        double sum = 0;
        for (int k = 0; k < size; k++) {
          sum += eigen.vectors().get(i, k) * eigen.values()[k] * eigen.vectors().get(j, k);
        }
        assertEquals(matrix.get(i, j), sum, 1e-5 * scale, random::toString);
      }
    }
  }

  @Test
  void refusesBadArguments() {
    FloatMatrix matrix = FloatMatrix.zeros(3, 4);
    FloatMatrix broken = FloatMatrix.of(new float[][] {{Float.NaN}});
    assertThrows(IllegalArgumentException.class, () -> TruncatedSvd.of(matrix, 4, 1, COMPUTE));
    assertThrows(IllegalArgumentException.class, () -> TruncatedSvd.of(matrix, 1, -1, COMPUTE));
    assertThrows(IllegalArgumentException.class, () -> TruncatedSvd.exact(broken, 1));
    assertThrows(IllegalArgumentException.class, () -> SymmetricEigen.of(matrix));
    assertThrows(IllegalArgumentException.class, () -> SymmetricEigen.of(broken));
  }
}
