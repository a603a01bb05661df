// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.util.Arrays;

/**
 * The search for a scale and a least value of a run of weights with codes from 0: some scales are
 * tried, for each the codes are found, and for these the best scale and least value by weighted
 * least squares. The least value is never above zero. The order of the operations is part of the
 * result.
 *
 * @param most the largest code
 * @param first the first scale tried, as a change of the number of codes
 * @param step from one tried scale to the next
 * @param steps how many steps
 * @param absolute whether errors count by their magnitude, not by their square
 */
record RangeFit(int most, float first, float step, int steps, boolean absolute) {

  /** What was found: weights are {@code scale * code - drop}. */
  record Range(float scale, float drop) {}

  /** What all weights of a run add up to. */
  private record Sums(float least, float largest, float weights, float weighted) {
    static Sums of(float[] x, float[] weights) {
      float least = x[0];
      float largest = x[0];
      float sum = weights[0];
      float weighted = sum * x[0];
      for (int i = 1; i < x.length; i++) {
        least = x[i] < least ? x[i] : least;
        largest = x[i] > largest ? x[i] : largest;
        sum += weights[i];
        weighted += weights[i] * x[i];
      }
      return new Sums(least > 0 ? 0 : least, largest, sum, weighted);
    }
  }

  /**
   * Searches.
   *
   * @param codes receives the codes
   * @param at position of the first one
   */
  Range fit(float[] x, float[] weights, byte[] codes, int at) {
    int n = x.length;
    Sums sums = Sums.of(x, weights);
    float least = sums.least;
    if (sums.largest <= least) {
      Arrays.fill(codes, at, at + n, (byte) 0);
      return new Range(0, -least);
    }
    byte[] tried = new byte[n];
    float inverse = most / (sums.largest - least);
    round(x, inverse, sums.least, tried);
    float scale = 1 / inverse;
    float best = error(x, weights, tried, scale, least);
    System.arraycopy(tried, 0, codes, at, n);
    // The codes begin at the least of the weights, or at what was best so far.
    for (int s = 0; s <= steps; s++) {
      round(x, (first + step * s + most) / (sums.largest - least), least, tried);
      float sumL = 0;
      float sumL2 = 0;
      float sumXl = 0;
      for (int i = 0; i < n; i++) {
        int l = tried[i];
        sumL += weights[i] * l;
        sumL2 += weights[i] * l * l;
        sumXl += weights[i] * l * x[i];
      }
      float determinant = sums.weights * sumL2 - sumL * sumL;
      if (!(determinant > 0)) {
        continue;
      }
      float foundScale = (sums.weights * sumXl - sums.weighted * sumL) / determinant;
      float foundLeast = (sumL2 * sums.weighted - sumL * sumXl) / determinant;
      if (foundLeast > 0) {
        foundLeast = 0;
        foundScale = sumXl / sumL2;
      }
      float error = error(x, weights, tried, foundScale, foundLeast);
      if (error < best) {
        System.arraycopy(tried, 0, codes, at, n);
        best = error;
        scale = foundScale;
        least = foundLeast;
      }
    }
    return new Range(scale, -least);
  }

  private void round(float[] x, float inverse, float least, byte[] target) {
    for (int i = 0; i < x.length; i++) {
      target[i] = (byte) Math.clamp(ScaleFit.nearest(inverse * (x[i] - least)), 0, most);
    }
  }

  private float error(float[] x, float[] weights, byte[] codes, float scale, float least) {
    float sum = 0;
    for (int i = 0; i < x.length; i++) {
      float difference = scale * codes[i] + least - x[i];
      sum += weights[i] * (absolute ? Math.abs(difference) : difference * difference);
    }
    return sum;
  }
}
