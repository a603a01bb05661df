// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;
import org.apache.commons.math3.stat.descriptive.rank.Percentile.EstimationType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BootstrapTest {
  private final SeededRandom random = new SeededRandom(31);

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  /** Of many values the interval of a mean is that of the normal distribution. */
  @Test
  void theIntervalOfAMeanIsTheNormalOne() {
    int count = 400;
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      values.add(5.0 + 2.0 * random.nextGaussian());
    }
    double mean = mean(values);
    double squares = values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
    double error = Math.sqrt(squares / count / count);
    Bootstrap.Interval interval =
        new Bootstrap(20_000, 0.95, 4).interval(values, BootstrapTest::mean);
    // The quantile of the normal distribution is 1.96; 20000 draws give it to about 0.03.
    assertEquals(mean - 1.96 * error, interval.low(), 0.1 * error, random.toString());
    assertEquals(mean + 1.96 * error, interval.high(), 0.1 * error, random.toString());
  }

  @ParameterizedTest
  @CsvSource({"1000, 0.95", "10, 0.5", "999, 0.9", "123, 0.999"})
  void endsArePercentiles(int resamples, double level) {
    List<Double> results = new ArrayList<>();
    Bootstrap.Interval interval =
        new Bootstrap(resamples, level, 0)
            .interval(
                List.of(1),
                _ -> {
                  results.add((double) random.nextGaussian());
                  return results.getLast();
                });
    assertEquals(resamples, results.size());
    Percentile oracle = new Percentile().withEstimationType(EstimationType.R_7);
    oracle.setData(results.stream().mapToDouble(Double::doubleValue).toArray());
    assertEquals(oracle.evaluate(50 * (1 - level)), interval.low(), 1e-9);
    assertEquals(oracle.evaluate(50 * (1 + level)), interval.high(), 1e-9);
  }

  /** Two parts are drawn as 00, 01, 10 or 11, each in a quarter of the draws. */
  @Test
  void drawsAreWithReplacement() {
    List<Double> drawn = new ArrayList<>();
    Bootstrap.Interval interval =
        new Bootstrap(4000, 0.9, 7)
            .interval(
                List.of(0.0, 1.0),
                sample -> {
                  drawn.add(mean(sample));
                  return drawn.getLast();
                });
    assertEquals(0, interval.low());
    assertEquals(1, interval.high());
    assertEquals(2000, Collections.frequency(drawn, 0.5), 150);
    assertEquals(1000, Collections.frequency(drawn, 0.0), 120);
  }

  @ParameterizedTest
  @EnumSource(Measure.Form.class)
  void measuresAreOfSums(Measure.Form form) {
    List<Measure.Part> parts = new ArrayList<>();
    double numerator = 0;
    double denominator = 0;
    for (int i = 0; i < 50; i++) {
      parts.add(new Measure.Part(2 + random.nextDouble(), 1 + random.nextDouble()));
      numerator += parts.getLast().numerator();
      denominator += parts.getLast().denominator();
    }
    double quotient = numerator / denominator;
    double value =
        switch (form) {
          case MEAN -> quotient;
          case EXPONENTIAL -> Math.exp(quotient);
          case DECIBELS -> 10 * Math.log10(quotient);
        };
    Measure measure = new Measure("m", value, form, parts);
    Bootstrap.Interval interval = measure.interval(Bootstrap.defaults()).orElseThrow();
    assertTrue(interval.low() < value && value < interval.high(), random.toString());
    assertEquals(interval, measure.interval(Bootstrap.defaults()).orElseThrow());
    Measure single = new Measure("m", value, form, parts.subList(0, 1));
    assertTrue(single.interval(Bootstrap.defaults()).isEmpty());
  }

  @Test
  void numbersAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> new Bootstrap(9, 0.5, 0));
    for (double level : new double[] {0, 1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new Bootstrap(10, level, 0));
    }
  }
}
