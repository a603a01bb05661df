// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clusters against the best of all cuts, found by trying them all. */
class WeightedClustersTest {

  /** The error of rounding to the nearest of some levels. */
  private static double error(float[] values, float[] importance, float[] levels) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      double least = Double.POSITIVE_INFINITY;
      for (float level : levels) {
        least = Math.min(least, Math.abs((double) values[i] - level));
      }
      sum += importance[i] * least * least;
    }
    return sum;
  }

  /** The least error of k levels: sorted numbers, every first cut, and the same for the rest. */
  static double leastError(float[] values, float[] importance, int clusters) {
    Integer[] order = IntStream.range(0, values.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparingDouble(i -> values[i]));
    int count = values.length;
    double[] rest = new double[count + 1];
    Arrays.fill(rest, Double.POSITIVE_INFINITY);
    rest[count] = 0;
    for (int k = 0; k < clusters; k++) {
      double[] next = new double[count + 1];
      Arrays.fill(next, Double.POSITIVE_INFINITY);
      next[count] = 0;
      for (int from = 0; from < count; from++) {
        for (int to = from + 1; to <= count; to++) {
          next[from] = Math.min(next[from], run(values, importance, order, from, to) + rest[to]);
        }
      }
      rest = next;
    }
    return rest[0];
  }

  private static double run(float[] values, float[] importance, Integer[] order, int from, int to) {
    double mass = 0;
    double mean = 0;
    double error = 0;
    for (int i = from; i < to; i++) {
      double weight = importance[order[i]];
      if (weight > 0) {
        mass += weight;
        double step = values[order[i]] - mean;
        mean += step * weight / mass;
        error += weight * step * (values[order[i]] - mean);
      }
    }
    return error;
  }

  private static float[] importance(SeededRandom random, int count) {
    float[] importance = new float[count];
    for (int i = 0; i < count; i++) {
      importance[i] = (float) Math.exp(2 * random.nextGaussian());
    }
    return importance;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void noCutIsBetter(long seed) {
    SeededRandom random = new SeededRandom(seed);
    for (int trial = 0; trial < 12; trial++) {
      int count = random.nextInt(1, 90);
      int size = random.nextInt(2, 17);
      float[] values = random.gaussians(count);
      float[] importance = importance(random, count);
      for (int i = 0; i < count; i++) {
        // Far from zero, with large numbers among small ones, with equal ones, with dead inputs.
        values[i] =
            switch (trial % 4) {
              case 0 -> values[i];
              case 1 -> 1000 + values[i];
              case 2 -> values[i] * values[i] * values[i] * 1e4f;
              default -> Math.round(2 * values[i]);
            };
        importance[i] = i % 7 == 3 ? 0 : importance[i];
      }
      float[] levels = WeightedClusters.centers(values, importance, size);
      assertTrue(levels.length <= size, random::toString);
      for (int i = 1; i < levels.length; i++) {
        assertTrue(levels[i] > levels[i - 1], random::toString);
      }
      double expected = leastError(values, importance, size);
      double power = error(values, importance, new float[] {0});
      assertEquals(
          expected,
          error(values, importance, levels),
          1e-4 * expected + 1e-10 * power,
          random + ", trial " + trial + ", " + count + " numbers in " + size);
    }
  }

  @Test
  void fewNumbersAreTheirOwnLevels() {
    float[] values = {3, -1, 3, 0.5f, -1};
    float[] ones = {1, 1, 1, 1, 1};
    assertArrayEquals(new float[] {-1, 0.5f, 3}, WeightedClusters.centers(values, ones, 8), 1e-6f);
    assertArrayEquals(
        new float[] {2}, WeightedClusters.centers(new float[] {2, 2}, new float[] {0, 0}, 4));
  }

  /** Beyond 65536 numbers are gathered, which must cost next to nothing. */
  @Test
  void manyNumbersAreGatheredWithoutLoss() {
    SeededRandom random = new SeededRandom(31);
    float[] values = random.gaussians(70_000);
    float[] ones = new float[values.length];
    Arrays.fill(ones, 1);
    float[] levels = WeightedClusters.centers(values, ones, 4);
    // The Lloyd-Max levels of the normal distribution for four levels and their error (Max, 1960).
    assertArrayEquals(new float[] {-1.510f, -0.4528f, 0.4528f, 1.510f}, levels, 0.03f);
    assertEquals(0.1175, error(values, ones, levels) / values.length, 0.002);
    float[] lloyd = levels.clone();
    for (int iteration = 0; iteration < 50; iteration++) {
      lloyd(values, lloyd);
    }
    double refined = error(values, ones, lloyd);
    assertEquals(refined, error(values, ones, levels), 1e-6 * refined, random::toString);
  }

  private static void lloyd(float[] values, float[] levels) {
    double[] sums = new double[levels.length];
    int[] counts = new int[levels.length];
    for (float value : values) {
      int best = 0;
      for (int k = 1; k < levels.length; k++) {
        best = Math.abs(value - levels[k]) < Math.abs(value - levels[best]) ? k : best;
      }
      sums[best] += value;
      counts[best]++;
    }
    for (int k = 0; k < levels.length; k++) {
      levels[k] = (float) (sums[k] / counts[k]);
    }
  }
}
