// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.linalg.HadamardMatrices;
import io.github.quant4j.linalg.HadamardRotation;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rotations and Kronecker products against matrices written out in double precision. */
class RotationTest {
  private static final WorkerTeam ONE = WorkerTeam.sequential();
  private static final WorkerTeam THREE = WorkerTeam.ofThreads(3);

  private final VectorLinearAlgebra algebra = new VectorLinearAlgebra(new ScratchPool());

  /** The block's matrix: base (x) Sylvester, over the root of its size. */
  private static double[][] matrix(int block) {
    int m = HadamardMatrices.baseSize(block);
    int power = block / m;
    float[] base = HadamardMatrices.base(m);
    double[][] matrix = new double[block][block];
    for (int i = 0; i < block; i++) {
      for (int j = 0; j < block; j++) {
        int parity = Integer.bitCount(i % power & j % power) & 1;
        float entry = base[i / power * m + j / power];
        matrix[i][j] = (parity == 0 ? entry : -entry) / Math.sqrt(block);
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "2, 2, 3",
    "4, 4, 2",
    "12, 4, 3",
    "20, 2, 2",
    "40, 8, 2",
    "12, 12, 2",
    "24, 24, 2",
    "48, 16, 3",
    "64, 32, 2",
    "64, 64, 5",
    "96, 48, 2",
    "128, 128, 1",
    "256, 256, 2",
    "512, 512, 2",
    "768, 256, 2",
    "1024, 1024, 2",
    "2048, 2048, 1",
    "896, 896, 3",
    "448, 448, 70",
    "160, 80, 2"
  })
  void agreesWithTheMatrix(int size, int block, int tokens) {
    SeededRandom random = new SeededRandom(size * 31L + block);
    double[][] matrix = matrix(block);
    float[] signs = new float[size];
    for (int i = 0; i < size; i++) {
      signs[i] = random.nextDouble() < 0.5 ? 1f : -1f;
    }
    HadamardRotation rotation = HadamardRotation.of(size, block, signs);
    float[] x = random.gaussians(3 + tokens * size);
    float[] forward = new float[1 + tokens * size + 2];
    float[] backward = forward.clone();
    algebra.rotate(rotation, tokens, x, 3, forward, 1, ONE);
    algebra.rotate(rotation.inverse(), tokens, x, 3, backward, 1, ONE);
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < size; j++) {
        int start = j / block * block;
        double sum = 0;
        double back = 0;
        double norm = 0;
        for (int i = 0; i < block; i++) {
          double value = x[3 + t * size + start + i];
          sum += value * signs[start + i] * matrix[i][j - start];
          back += value * matrix[j - start][i] * signs[j];
          norm += value * value;
        }
        double tolerance = 4e-6 * Math.sqrt(norm);
        String where = t + ", " + j + ", " + random;
        assertEquals(sum, forward[1 + t * size + j], tolerance, where);
        assertEquals(back, backward[1 + t * size + j], tolerance, "back " + where);
      }
    }
    assertEquals(0f, forward[0]);
    assertEquals(0f, forward[forward.length - 1] + forward[forward.length - 2]);
    float[] again = new float[forward.length];
    algebra.rotate(rotation, tokens, x, 3, again, 1, THREE);
    assertArrayEquals(forward, again, "threads change nothing, " + random);
    algebra.rotate(rotation, tokens, x, 3, x, 3, ONE);
    for (int i = 0; i < tokens * size; i++) {
      assertEquals(forward[1 + i], x[3 + i], "in place, " + i + ", " + random);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "2, 3, 2", "8, 8, 1", "28, 32, 5", "64, 64, 3", "5, 130, 7", "33, 9, 40"})
  void kroneckerProductsAgreeWithDoubleSums(int n1, int n2, int tokens) {
    SeededRandom random = new SeededRandom(n1 * 97L + n2);
    FloatMatrix first = random.gaussianMatrix(n1, n1);
    FloatMatrix second = random.gaussianMatrix(n2, n2);
    int size = n1 * n2;
    float[] x = random.gaussians(2 + tokens * size);
    float[] y = random.gaussians(1 + tokens * size);
    float[] again = y.clone();
    algebra.multiplyKronecker(tokens, first, second, x, 2, y, 1, ONE);
    algebra.multiplyKronecker(tokens, first, second, x, 2, again, 1, THREE);
    assertArrayEquals(y, again, "threads change nothing, " + random);
    for (int t = 0; t < tokens; t++) {
      double[] middle = new double[size];
      double[] magnitudes = new double[size];
      for (int i = 0; i < n1; i++) {
        for (int j = 0; j < n2; j++) {
          for (int k = 0; k < n2; k++) {
            double product = (double) x[2 + t * size + i * n2 + k] * second.get(k, j);
            middle[i * n2 + j] += product;
            magnitudes[i * n2 + j] += Math.abs(product);
          }
        }
      }
      for (int i = 0; i < n1; i++) {
        for (int j = 0; j < n2; j++) {
          double sum = 0;
          double bound = 0;
          for (int k = 0; k < n1; k++) {
            sum += first.get(k, i) * middle[k * n2 + j];
            bound += Math.abs(first.get(k, i)) * magnitudes[k * n2 + j];
          }
          assertEquals(
              sum,
              y[1 + t * size + i * n2 + j],
              (n1 + n2 + 4) * 0x1p-24 * 1.01 * bound,
              t + ", " + i + ", " + j + ", " + random);
        }
      }
    }
  }

  @Test
  void shortArraysAreRefused() {
    HadamardRotation rotation = HadamardRotation.of(4, 4, new float[] {1, 1, 1, -1});
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> algebra.rotate(rotation, 2, new float[8], 1, new float[8], 0, ONE));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> algebra.rotate(rotation, 2, new float[8], 0, new float[7], 0, ONE));
    FloatMatrix factor = FloatMatrix.zeros(32, 32);
    assertThrows(
        IndexOutOfBoundsException.class,
        () ->
            algebra.multiplyKronecker(
                1, factor, factor, new float[1024], 0, new float[1024], 1, ONE));
  }
}
