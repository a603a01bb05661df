// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import org.apache.commons.math3.special.Erf;
import org.junit.jupiter.api.Test;

class ElementwiseTest {

  @Test
  void exponentialsAreRightToHalfAnUlp() {
    SeededRandom random = new SeededRandom(1);
    int count = 200_000;
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (-88 * Math.pow(random.nextDouble(), 4));
    }
    x[0] = 0;
    x[1] = -1000;
    x[2] = Float.NEGATIVE_INFINITY;
    float[] y = x.clone();
    Elementwise.exponentials(y, 0, count, 0, 1);
    for (int i = 0; i < count; i++) {
      double exact = Math.exp(Math.max(x[i], -87f));
      assertTrue(Math.abs(y[i] - exact) <= 0.501 * Math.ulp((float) exact), x[i] + ": " + y[i]);
    }
    assertEquals(1f, y[0]);
    float[] nan = {Float.NaN};
    Elementwise.exponentials(nan, 0, 1, 0, 1);
    assertTrue(Float.isNaN(nan[0]));
  }

  @Test
  void swishIsRightAlsoFarFromZero() {
    SeededRandom random = new SeededRandom(2);
    int count = 20_000;
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = 30 * random.nextGaussian();
    }
    x[0] = 1000;
    x[1] = -1000;
    x[2] = 0;
    float[] y = x.clone();
    Elementwise.swish(y, 0, count);
    for (int i = 0; i < count; i++) {
      double exact = x[i] / (1 + Math.exp(-(double) x[i]));
      assertEquals(exact, y[i], Math.abs(exact) * 2e-7 + 2e-35, "of " + x[i]);
    }
  }

  @Test
  void sumsAndMaximaTakeAllElements() {
    SeededRandom random = new SeededRandom(3);
    for (int count = 1; count < 30; count++) {
      float[] x = random.gaussians(count + 2);
      double sum = 0;
      float largest = Float.NEGATIVE_INFINITY;
      for (int i = 1; i <= count; i++) {
        sum += x[i];
        largest = Math.max(largest, x[i]);
      }
      assertEquals(sum, Elementwise.sum(x, 1, count + 1), 1e-12, random + ", " + count);
      assertEquals(largest, Elementwise.maximum(x, 1, count + 1));
    }
  }

  @Test
  void normsOfOddWidthsAreRight() {
    SeededRandom random = new SeededRandom(4);
    for (int width : new int[] {1, 2, 7, 64}) {
      float[] x = random.gaussians(width + 3);
      float[] weight = random.gaussians(width);
      double square = 0;
      for (int i = 0; i < width; i++) {
        square += (double) x[3 + i] * x[3 + i];
      }
      float[] y = new float[width];
      Elementwise.rootMeanSquareNorm(x, 3, weight, 1e-5, y, 0);
      for (int i = 0; i < width; i++) {
        double expected = x[3 + i] / Math.sqrt(square / width + 1e-5) * weight[i];
        assertEquals(expected, y[i], 1e-6, random + ", width " + width);
      }
      float[] inPlace = Arrays.copyOfRange(x, 3, 3 + width);
      Elementwise.rootMeanSquareNorm(inPlace, 0, weight, 1e-5, inPlace, 0);
      for (int i = 0; i < width; i++) {
        assertEquals(y[i], inPlace[i]);
      }
    }
  }

  @Test
  void geluIsRightAlsoFarFromZero() {
    SeededRandom random = new SeededRandom(5);
    int count = 100_000;
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (13 * Math.pow(2 * random.nextDouble() - 1, 3));
    }
    x[0] = 1000;
    x[1] = -1000;
    x[2] = 0;
    float[] y = x.clone();
    Elementwise.gelu(y, 0, count);
    for (int i = 0; i < count; i++) {
      double exact = x[i] * 0.5 * Erf.erfc(-x[i] / Math.sqrt(2));
      assertEquals(exact, y[i], Math.abs(exact) * 7e-8 + 1e-34, random + ", of " + x[i]);
    }
    float[] nan = {Float.NaN};
    Elementwise.gelu(nan, 0, 1);
    assertTrue(Float.isNaN(nan[0]));
  }

  @Test
  void layerNormsOfOddWidthsAreRight() {
    SeededRandom random = new SeededRandom(6);
    for (int width : new int[] {1, 2, 7, 64}) {
      float[] x = random.gaussians(width + 3);
      for (int i = 0; i < x.length; i++) {
        x[i] += 50;
      }
      float[] weight = random.gaussians(width);
      float[] bias = random.gaussians(width);
      double mean = 0;
      for (int i = 0; i < width; i++) {
        mean += x[3 + i] / (double) width;
      }
      double variance = 0;
      for (int i = 0; i < width; i++) {
        variance += (x[3 + i] - mean) * (x[3 + i] - mean) / width;
      }
      float[] y = new float[width];
      Elementwise.layerNorm(x, 3, weight, bias, 1e-5, y, 0);
      for (int i = 0; i < width; i++) {
        double expected = (x[3 + i] - mean) / Math.sqrt(variance + 1e-5) * weight[i] + bias[i];
        assertEquals(expected, y[i], 1e-6, random + ", width " + width);
      }
      float[] inPlace = Arrays.copyOfRange(x, 3, 3 + width);
      Elementwise.layerNorm(inPlace, 0, weight, bias, 1e-5, inPlace, 0);
      for (int i = 0; i < width; i++) {
        assertEquals(y[i], inPlace[i]);
      }
    }
  }
}
