// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MomentsTest {

  /** By the definition, in two passes. */
  private static double centralMoment(float[] values, int order) {
    double mean = 0;
    for (float value : values) {
      mean += value / (double) values.length;
    }
    double sum = 0;
    for (float value : values) {
      sum += Math.pow(value - mean, order);
    }
    return sum / values.length;
  }

  private static ValueStatistics inBlocks(float[] values, int block) {
    Moments all = new Moments();
    for (int from = 0; from < values.length; from += block) {
      all.join(Moments.of(values, from, Math.min(block, values.length - from)));
    }
    return all.statistics();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 100, 1000})
  void blocksOfAnySizeGiveTheMomentsOfTheWhole(int block) {
    SeededRandom random = new SeededRandom(block);
    float[] values = random.gaussians(1000);
    for (int i = 0; i < values.length; i++) {
      // Far from zero and skewed, where sums of powers would lose their digits.
      values[i] = 1000 + values[i] * values[i] * values[i];
    }
    ValueStatistics statistics = inBlocks(values, block);
    double variance = centralMoment(values, 2);
    double kurtosis = centralMoment(values, 4) / (variance * variance) - 3;
    assertEquals(Math.sqrt(variance), statistics.standardDeviation(), 1e-9, random.toString());
    assertEquals(kurtosis, statistics.excessKurtosis(), 1e-7 * kurtosis, random.toString());
    assertEquals(1000, statistics.count());
  }

  @Test
  void knownValues() {
    // Mean 3, squared deviations 4 1 0 1 4: variance 2, fourth moment 34/5.
    ValueStatistics statistics = inBlocks(new float[] {1, 2, 3, 4, 5}, 2);
    assertEquals(3, statistics.mean());
    assertEquals(Math.sqrt(2), statistics.standardDeviation(), 1e-15);
    assertEquals(34.0 / 5 / 4 - 3, statistics.excessKurtosis(), 1e-15);
    assertEquals(1, statistics.minimum());
    assertEquals(5, statistics.maximum());
  }

  @Test
  void valuesThatAreNotFiniteAreCountedAndLeftOut() {
    float[] values = {Float.NaN, -8, Float.POSITIVE_INFINITY, 2, Float.NEGATIVE_INFINITY};
    ValueStatistics statistics = inBlocks(values, 1);
    assertEquals(5, statistics.count());
    assertEquals(3, statistics.nonFinite());
    assertEquals(-8, statistics.minimum());
    assertEquals(2, statistics.maximum());
    assertEquals(8, statistics.absoluteMaximum());
    assertEquals(-3, statistics.mean());
  }

  @Test
  void nothingHasNoStatistics() {
    ValueStatistics statistics = inBlocks(new float[] {Float.NaN}, 1);
    assertTrue(Double.isNaN(statistics.minimum()) && Double.isNaN(statistics.absoluteMaximum()));
    assertTrue(Double.isNaN(statistics.mean()) && Double.isNaN(statistics.standardDeviation()));
    assertTrue(Double.isNaN(statistics.excessKurtosis()));
  }
}
