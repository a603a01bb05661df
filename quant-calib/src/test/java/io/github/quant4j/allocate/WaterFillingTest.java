// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;

class WaterFillingTest {
  private static final int LAYERS = 12;

  private static double loss(double[] coefficients, double[] widths) {
    double sum = 0;
    for (int l = 0; l < widths.length; l++) {
      sum += coefficients[l] * Math.pow(4, -widths[l]);
    }
    return sum;
  }

  private static double mean(long[] weights, double[] widths) {
    double bits = 0;
    double total = 0;
    for (int l = 0; l < widths.length; l++) {
      bits += weights[l] * widths[l];
      total += weights[l];
    }
    return bits / total;
  }

  @Test
  void noOtherWidthsOfThatMeanLoseLess() {
    SeededRandom random = new SeededRandom(15);
    double[] coefficients = new double[LAYERS];
    long[] weights = new long[LAYERS];
    for (int l = 0; l < LAYERS; l++) {
      coefficients[l] = Math.exp(2 * random.nextGaussian());
      weights[l] = random.nextInt(1, 100);
    }
    for (double[] bounds : new double[][] {{-50, 50}, {2, 5}}) {
      double[] widths = WaterFilling.widths(coefficients, weights, 3.25, bounds[0], bounds[1]);
      assertEquals(3.25, mean(weights, widths), 1e-9);
      double least = loss(coefficients, widths);
      for (int i = 0; i < 2000; i++) {
        // Some bits from one layer to another, so that the mean stays.
        double[] other = widths.clone();
        int from = random.nextInt(0, LAYERS);
        int to = random.nextInt(0, LAYERS);
        double bits = 0.1 * random.nextDouble();
        other[from] -= bits / weights[from];
        other[to] += bits / weights[to];
        if (other[from] >= bounds[0] && other[to] <= bounds[1]) {
          assertTrue(loss(coefficients, other) >= least * (1 - 1e-12), i + ", " + random);
        }
      }
    }
  }

  /** The formula itself, with the mean that is weighted by sizes. */
  @Test
  void followsTheFormulaWithoutBounds() {
    double[] coefficients = {1, 16, 4};
    long[] weights = {1, 1, 4};
    double[] widths = WaterFilling.widths(coefficients, weights, 3, -9, 9);
    // Halves of logarithms: 0, 2 and 0, whose weighted mean is a third.
    assertEquals(3 + 0 - 1 / 3.0, widths[0], 1e-9);
    assertEquals(3 + 2 - 1 / 3.0, widths[1], 1e-9);
    assertEquals(3 + 0 - 1 / 3.0, widths[2], 1e-9);
    assertThrows(
        IllegalArgumentException.class, () -> WaterFilling.widths(coefficients, weights, 9, 1, 8));
    assertThrows(
        IllegalArgumentException.class,
        () -> WaterFilling.widths(new double[] {0}, new long[] {1}, 3, 1, 8));
  }

  @Test
  void normalFloatOfFourBitsIsThatOfQlora() {
    double[] levels = NormalFloat.levels(4);
    float[] known = io.github.quant4j.format.Codebook.NF4.levels();
    assertEquals(known.length, levels.length);
    for (int i = 0; i < known.length; i++) {
      assertEquals(known[i], levels[i], 2e-6);
    }
    assertEquals(8, NormalFloat.levels(3).length);
    assertEquals(24, Candidates.lqLora(8).size());
    assertTrue(Candidates.oneForEachWidth(Candidates.defaults()).size() == 6);
  }
}
