// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HadamardTest {
  /** Sizes that the literature's constructions give. */
  static IntStream bases() {
    return IntStream.of(
        12, 20, 28, 36, 44, 52, 60, 68, 76, 84, 92, 100, 108, 116, 124, 140, 148, 164, 172, 244,
        344);
  }

  @ParameterizedTest
  @MethodSource("bases")
  void rowsOfABaseAreOrthogonal(int m) {
    float[] h = HadamardMatrices.base(m);
    assertEquals(m * m, h.length);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j <= i; j++) {
        float dot = 0;
        for (int k = 0; k < m; k++) {
          assertEquals(1f, Math.abs(h[i * m + k]));
          dot += h[i * m + k] * h[j * m + k];
        }
        assertEquals(i == j ? m : 0f, dot, "rows " + i + " and " + j + " of size " + m);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "2, 1",
    "4096, 1",
    "12, 12",
    "24, 12",
    "40, 20",
    "5120, 20",
    "14336, 28",
    "9216, 36",
    "11008, 172",
    "13824, 108",
    "1664, 52",
    "4864, 76",
    "18944, 148",
    "6, 0",
    "3, 0",
    "0, 0",
    "-4, 0",
    "1000, 500",
    "1500, 0",
    "2147483647, 0",
    "1610612736, 12"
  })
  void baseOfASize(int size, int base) {
    assertEquals(base, HadamardMatrices.baseSize(size));
  }

  @ParameterizedTest
  @CsvSource({"4096, 4096", "1000, 1000", "6, 2", "7, 1", "1, 1", "11008, 11008", "27392, 256"})
  void largestBlockDivides(int size, int block) {
    assertEquals(block, HadamardMatrices.largestBlock(size));
  }

  /** The Kronecker product written out, in double. */
  private static double[] direct(HadamardRotation rotation, float[] x) {
    int b = rotation.block();
    int power = rotation.power();
    int m = rotation.baseSize();
    double[] y = new double[x.length];
    for (int start = 0; start < x.length; start += b) {
      for (int j = 0; j < b; j++) {
        double sum = 0;
        for (int i = 0; i < b; i++) {
          int from = rotation.isInverted() ? j : i;
          int to = rotation.isInverted() ? i : j;
          int sylvester = Integer.bitCount(from % power & to % power) % 2 == 0 ? 1 : -1;
          double h = rotation.baseMatrix()[from / power * m + to / power] * sylvester;
          double sign = rotation.isInverted() ? 1 : rotation.signs()[start + i];
          sum += x[start + i] * sign * h;
        }
        double sign = rotation.isInverted() ? rotation.signs()[start + j] : 1;
        y[start + j] = sum * sign / Math.sqrt(b);
      }
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "2, 2",
    "8, 2",
    "64, 64",
    "96, 32",
    "12, 12",
    "48, 24",
    "160, 80",
    "104, 52",
    "172, 172"
  })
  void rotationIsTheKroneckerProduct(int size, int block) {
    SeededRandom random = new SeededRandom(size * 1000L + block);
    float[] signs = new float[size];
    for (int i = 0; i < size; i++) {
      signs[i] = random.nextDouble() < 0.5 ? -1f : 1f;
    }
    int tokens = 3;
    float[] x = random.gaussians(5 + tokens * size);
    HadamardRotation forward = HadamardRotation.of(size, block, signs);
    for (HadamardRotation rotation : new HadamardRotation[] {forward, forward.inverse()}) {
      float[] y = new float[7 + tokens * size];
      new ScalarLinearAlgebra().rotate(rotation, tokens, x, 5, y, 7, WorkerTeam.ofThreads(2));
      for (int t = 0; t < tokens; t++) {
        float[] token = Arrays.copyOfRange(x, 5 + t * size, 5 + (t + 1) * size);
        double[] expected = direct(rotation, token);
        for (int i = 0; i < size; i++) {
          assertEquals(expected[i], y[7 + t * size + i], 1e-5, rotation + ", " + random);
        }
      }
      new ScalarLinearAlgebra()
          .rotate(rotation.inverse(), tokens, y, 7, y, 7, WorkerTeam.sequential());
      for (int i = 0; i < tokens * size; i++) {
        assertEquals(x[5 + i], y[7 + i], 1e-5, "back again, " + rotation + ", " + random);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 5", "4, 3", "8, 16"})
  void kroneckerProductIsTheDenseProduct(int n1, int n2) {
    SeededRandom random = new SeededRandom(n1 * 100L + n2);
    FloatMatrix first = random.gaussianMatrix(n1, n1);
    FloatMatrix second = random.gaussianMatrix(n2, n2);
    int n = n1 * n2;
    int tokens = 3;
    float[] x = random.gaussians(tokens * n + 1);
    float[] y = new float[tokens * n + 2];
    Arrays.fill(y, Float.NaN);
    new ScalarLinearAlgebra()
        .multiplyKronecker(tokens, first, second, x, 1, y, 2, WorkerTeam.ofThreads(2));
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
          sum += (double) x[1 + t * n + i] * first.get(i / n2, j / n2) * second.get(i % n2, j % n2);
        }
        assertEquals(sum, y[2 + t * n + j], 1e-4, random.toString());
      }
    }
  }

  @Test
  void badRotationsAreRefused() {
    float[] ones = new float[12];
    Arrays.fill(ones, 1f);
    assertThrows(IllegalArgumentException.class, () -> HadamardRotation.of(12, 5, ones));
    String message =
        assertThrows(IllegalArgumentException.class, () -> HadamardRotation.of(12, 6, ones))
            .getMessage();
    assertTrue(message.contains("largest block for 12 channels is 12"), message);
    assertThrows(IllegalArgumentException.class, () -> HadamardRotation.of(24, 12, ones));
    assertThrows(IllegalArgumentException.class, () -> HadamardRotation.of(12, 12, new float[12]));
    assertThrows(IllegalArgumentException.class, () -> HadamardMatrices.base(14));
    HadamardRotation rotation = HadamardRotation.of(12, 12, ones);
    assertThrows(IndexOutOfBoundsException.class, () -> rotation.apply(ones, 1, new float[12], 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 20})
  void signsAreCopied(int size) {
    float[] signs = new float[size];
    Arrays.fill(signs, 1f);
    HadamardRotation rotation = HadamardRotation.of(size, size, signs);
    signs[0] = -1f;
    float[] expected = new float[size];
    Arrays.fill(expected, 1f);
    assertArrayEquals(expected, rotation.signs());
  }
}
