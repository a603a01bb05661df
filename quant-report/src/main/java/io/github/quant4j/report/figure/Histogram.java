// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

import java.util.List;

/**
 * How often values occur, by the same intervals for each distribution.
 *
 * @param title what the picture shows
 * @param axis what the values are
 * @param from where the first interval begins
 * @param to where the last interval ends
 * @param distributions at least one, each of as many intervals
 */
public record Histogram(
    String title, Axis axis, double from, double to, List<Distribution> distributions)
    implements Figure {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there is none, the range is empty, or there are different
   *     numbers of intervals
   */
  public Histogram {
    distributions = List.copyOf(distributions);
    if (distributions.isEmpty() || !(from < to)) {
      throw new IllegalArgumentException(
          "distributions: "
              + distributions.size()
              + " from "
              + from
              + " to "
              + to
              + ", expected at least one over a range");
    }
    int bins = distributions.getFirst().shares.length;
    if (bins == 0 || distributions.stream().anyMatch(each -> each.shares.length != bins)) {
      throw new IllegalArgumentException(
          "distributions: of different numbers of intervals, expected " + bins);
    }
  }

  /**
   * A distribution.
   *
   * @param name what it is of
   * @param shares of the values that lie in each interval; those outside all of them are in the
   *     first or the last one
   */
  public record Distribution(String name, double[] shares) {

    /**
     * Counts values.
     *
     * @param name what they are
     * @param values at least one
     * @param from where the first interval begins
     * @param to where the last interval ends
     * @param intervals how many there are
     * @return shares that sum to 1
     */
    public static Distribution of(
        String name, float[] values, double from, double to, int intervals) {
      long[] counts = new long[intervals];
      for (float value : values) {
        double position = (value - from) / (to - from) * intervals;
        counts[(int) Math.clamp(position, 0, intervals - 1)]++;
      }
      double[] shares = new double[intervals];
      for (int i = 0; i < intervals; i++) {
        shares[i] = (double) counts[i] / values.length;
      }
      return new Distribution(name, shares);
    }
  }

  /**
   * Where an interval begins.
   *
   * @param interval its number; that of the number of intervals gives the end
   * @return between {@code from} and {@code to}
   */
  public double edge(int interval) {
    return from + (to - from) * interval / distributions.getFirst().shares.length;
  }

  @Override
  public int marks() {
    return distributions.size() * distributions.getFirst().shares.length;
  }
}
