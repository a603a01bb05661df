// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * How confidence intervals are drawn: windows are drawn with replacement as many times as there are
 * windows, the measure is computed of these, and the interval is between the percentiles of the
 * results (the percentile bootstrap, Efron, "Bootstrap methods: another look at the jackknife",
 * 1979). The draws depend on the seed and the number of windows alone, so that all recipes are
 * measured on the same draws.
 *
 * @param resamples how often windows are drawn, at least 10
 * @param level share of the draws within the interval, above 0 and below 1
 * @param seed what the draws depend on
 */
public record Bootstrap(int resamples, double level, long seed) {
  private static final int LEAST_RESAMPLES = 10;
  private static final int DEFAULT_RESAMPLES = 1000;
  private static final double DEFAULT_LEVEL = 0.95;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of range
   */
  public Bootstrap {
    if (resamples < LEAST_RESAMPLES) {
      throw new IllegalArgumentException(
          "resamples: " + resamples + ", expected at least " + LEAST_RESAMPLES);
    }
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException("level: " + level + ", expected above 0 and below 1");
    }
  }

  /**
   * An interval.
   *
   * @param low its lower end
   * @param high its upper end
   */
  public record Interval(double low, double high) {}

  /**
   * 1000 draws, a level of 95 %, seed 0.
   *
   * @return the default
   */
  public static Bootstrap defaults() {
    return new Bootstrap(DEFAULT_RESAMPLES, DEFAULT_LEVEL, 0);
  }

  /**
   * The interval of a statistic.
   *
   * @param parts what is drawn from, at least one
   * @param statistic computes a number of parts, of which some occur several times
   * @param <T> a part
   * @return between which numbers it lies in this share of the draws; percentiles between two draws
   *     are interpolated linearly
   * @throws IllegalArgumentException if there are no parts
   */
  <T> Interval interval(List<T> parts, ToDoubleFunction<List<T>> statistic) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("parts: none, expected at least one");
    }
    Random random = new Random(seed);
    double[] results = new double[resamples];
    Object[] drawn = new Object[parts.size()];
    for (int i = 0; i < resamples; i++) {
      for (int j = 0; j < drawn.length; j++) {
        drawn[j] = parts.get(random.nextInt(drawn.length));
      }
      @SuppressWarnings("unchecked") // They come from the list.
      List<T> sample = (List<T>) Arrays.asList(drawn);
      results[i] = statistic.applyAsDouble(sample);
    }
    Arrays.sort(results);
    double tail = (1 - level) / 2;
    return new Interval(percentile(results, tail), percentile(results, 1 - tail));
  }

  private static double percentile(double[] sorted, double share) {
    double position = share * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    if (sorted[below] == sorted[above]) {
      // Also where both are infinite, whose difference is no number.
      return sorted[below];
    }
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }
}
