// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rule against its definition in double precision. */
class DeltaRuleTest {

  /** The state as a product of matrices: {@code a (I - b k k^T) S + b k v^T}. */
  private static double[][] changed(
      double[][] state, float[] k, float[] v, double decay, double rate) {
    int rows = k.length;
    double[][] result = new double[rows][v.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < v.length; j++) {
        double sum = 0;
        for (int m = 0; m < rows; m++) {
          sum += ((i == m ? 1 : 0) - rate * k[i] * k[m]) * state[m][j];
        }
        result[i][j] = decay * sum + rate * k[i] * v[j];
      }
    }
    return result;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "8, 8", "17, 4", "64, 33"})
  void manyTokens(int keyWidth, int valueWidth) {
    SeededRandom random = new SeededRandom(keyWidth * 100L + valueWidth);
    int at = 7;
    float[] state = random.gaussians(at + keyWidth * valueWidth + 5);
    float[] around = state.clone();
    double[][] expected = new double[keyWidth][valueWidth];
    for (int i = 0; i < keyWidth; i++) {
      for (int j = 0; j < valueWidth; j++) {
        expected[i][j] = state[at + i * valueWidth + j];
      }
    }
    float[] change = new float[valueWidth];
    float[] result = new float[valueWidth + 4];
    for (int token = 0; token < 20; token++) {
      float[] q = random.gaussians(keyWidth);
      float[] k = random.gaussians(keyWidth);
      DeltaRule.normalize(1, k, 0, keyWidth);
      float[] v = random.gaussians(valueWidth);
      float decay = (float) random.nextDouble();
      float rate = (float) random.nextDouble();
      float[] vectors = new float[3 + 2 * keyWidth + valueWidth];
      System.arraycopy(v, 0, vectors, 1, valueWidth);
      System.arraycopy(k, 0, vectors, 2 + valueWidth, keyWidth);
      System.arraycopy(q, 0, vectors, 3 + valueWidth + keyWidth, keyWidth);
      Arrays.fill(result, -1f);
      new DeltaRule(keyWidth, valueWidth)
          .step(
              state,
              at,
              vectors,
              3 + valueWidth + keyWidth,
              2 + valueWidth,
              1,
              decay,
              rate,
              change,
              result,
              2);
      expected = changed(expected, k, v, decay, rate);
      for (int j = 0; j < valueWidth; j++) {
        double read = 0;
        double size = 1;
        for (int i = 0; i < keyWidth; i++) {
          read += expected[i][j] * q[i];
          size += Math.abs(expected[i][j] * q[i]);
        }
        assertEquals(read, result[2 + j], 1e-5 * size, random + ", token " + token);
      }
    }
    assertArrayEquals(new float[] {-1, -1}, Arrays.copyOf(result, 2));
    assertArrayEquals(
        new float[] {-1, -1}, Arrays.copyOfRange(result, 2 + valueWidth, 4 + valueWidth));
    int end = at + keyWidth * valueWidth;
    assertArrayEquals(Arrays.copyOf(around, at), Arrays.copyOf(state, at));
    assertArrayEquals(
        Arrays.copyOfRange(around, end, end + 5), Arrays.copyOfRange(state, end, end + 5));
  }

  /** Values of {@code (1 + e^x)^(-e^A)}, which is the same. */
  @ParameterizedTest
  @CsvSource({"0, 0", "0, -3", "1.5, 2", "-4, 0.5", "2.7, -60", "0.1, 19.9", "-3, 25"})
  void decays(float logarithm, float x) {
    double expected = Math.pow(1 + Math.exp(x), -Math.exp(logarithm));
    assertEquals(expected, DeltaRule.decay(logarithm, x), 1e-6 * expected);
  }

  @Test
  void decaysAtTheEnds() {
    assertEquals(0f, DeltaRule.decay(2, 1e30f));
    assertEquals(1f, DeltaRule.decay(2, -1e30f));
  }

  @Test
  void lengthsBecomeOneOrStayNothing() {
    float[] x = {9, 3, 4, 9};
    DeltaRule.normalize(10, x, 1, 2);
    assertArrayEquals(new float[] {9, 6, 8, 9}, x, 1e-6f);
    float[] nothing = new float[3];
    DeltaRule.normalize(1, nothing, 0, 3);
    assertArrayEquals(new float[3], nothing);
  }
}
