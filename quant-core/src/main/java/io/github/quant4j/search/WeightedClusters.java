// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.HalfPrecision;
import java.util.Arrays;

/**
 * Weighted k-means of numbers, exactly: the best cut of the sorted numbers into k runs, by dynamic
 * programming (Wang and Song, Ckmeans.1d.dp, The R Journal 3/2, 2011; Gronlund et al., arXiv
 * 1701.07204).
 *
 * <p>The best last cut moves to the right with the end of the numbers considered, so each of the k
 * layers is filled by divide and conquer: {@code O(k n log n)}, and less in practice because runs
 * that cost more than the best solution so far end the search for a cut. More than 65536 numbers
 * are first gathered by their binary16 value.
 */
final class WeightedClusters {
  private static final int MOST_POINTS = 1 << 16;

  /**
   * What each number weighs in addition, relative to the mean, so that no cluster weighs nothing.
   */
  private static final double BASE_WEIGHT = 1e-6;

  /** Sums of the first i weights, weighted numbers and weighted squares. */
  private final double[] mass;

  private final double[] first;
  private final double[] second;
  private final double center;
  private final int count;

  private WeightedClusters(double[] points, double[] weights, int count) {
    this.count = count;
    this.mass = new double[count + 1];
    this.first = new double[count + 1];
    this.second = new double[count + 1];
    double total = 0;
    double moment = 0;
    for (int i = 0; i < count; i++) {
      total += weights[i];
      moment += weights[i] * points[i];
    }
    // Around the mean the differences of large sums lose the least.
    this.center = moment / total;
    for (int i = 0; i < count; i++) {
      double x = points[i] - center;
      mass[i + 1] = mass[i] + weights[i];
      first[i + 1] = first[i] + weights[i] * x;
      second[i + 1] = second[i] + weights[i] * x * x;
    }
  }

  /**
   * The centers of the best clusters, ascending; fewer than {@code size} if there are fewer
   * different numbers.
   */
  static float[] centers(float[] values, float[] importance, int size) {
    double mean = 0;
    for (float weight : importance) {
      mean += weight / (double) importance.length;
    }
    double base = mean > 0 ? BASE_WEIGHT * mean : 1;
    boolean many = values.length > MOST_POINTS;
    long[] order = new long[values.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = (long) sortable(values[i]) << 32 | i;
    }
    Arrays.sort(order);
    double[] points = new double[values.length];
    double[] weights = new double[values.length];
    int count = 0;
    float last = Float.NaN;
    for (long entry : order) {
      int i = (int) entry;
      float key = many ? HalfPrecision.fromFloat16(HalfPrecision.toFloat16(values[i])) : values[i];
      if (key != last) {
        count++;
        last = key;
      }
      double weight = importance[i] + base;
      // The running mean of what falls together.
      weights[count - 1] += weight;
      points[count - 1] += (values[i] - points[count - 1]) * weight / weights[count - 1];
    }
    return new WeightedClusters(points, weights, count).solve(Math.min(size, count));
  }

  /** An integer that orders as the number does. */
  private static int sortable(float value) {
    int bits = Float.floatToIntBits(value);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  private float[] solve(int clusters) {
    int[][] cuts = new int[clusters][count + 1];
    double[] before = new double[count + 1];
    for (int end = 1; end <= count; end++) {
      before[end] = cost(0, end);
    }
    for (int k = 1; k < clusters; k++) {
      double[] now = new double[count + 1];
      fill(before, now, cuts[k], k + 1, count, k, count - 1);
      before = now;
    }
    float[] centers = new float[clusters];
    int end = count;
    for (int k = clusters - 1; k >= 0; k--) {
      int start = k == 0 ? 0 : cuts[k][end];
      centers[k] = (float) (center + (first[end] - first[start]) / (mass[end] - mass[start]));
      end = start;
    }
    return centers;
  }

  /** Ends from {@code low} to {@code high}, whose last cut lies between two bounds. */
  private void fill(
      double[] before, double[] now, int[] cuts, int low, int high, int leastCut, int mostCut) {
    if (low > high) {
      return;
    }
    int end = (low + high) >>> 1;
    double best = Double.POSITIVE_INFINITY;
    int bestCut = Math.min(mostCut, end - 1);
    for (int cut = Math.min(mostCut, end - 1); cut >= leastCut; cut--) {
      double last = cost(cut, end);
      if (last >= best) {
        // A longer run costs more, and what comes before it cannot cost less than nothing.
        break;
      }
      if (before[cut] + last < best) {
        best = before[cut] + last;
        bestCut = cut;
      }
    }
    now[end] = best;
    cuts[end] = bestCut;
    fill(before, now, cuts, low, end - 1, leastCut, bestCut);
    fill(before, now, cuts, end + 1, high, bestCut, mostCut);
  }

  /** The weighted squared error of one cluster of the points from start (inclusive) to end. */
  private double cost(int start, int end) {
    double m = mass[end] - mass[start];
    double s = first[end] - first[start];
    return Math.max(0, second[end] - second[start] - s * s / m);
  }
}
