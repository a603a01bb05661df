// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

/**
 * The two scales of one tile of ternary planes.
 *
 * @param first scale of the first plane, not negative, the larger one
 * @param second scale of the second plane, not negative
 */
record TernaryPlanes(double first, double second) {
  private static final double RIDGE = 1e-9;

  /**
   * Scales relative to the mean magnitude: near the optimum for normal weights, evenly spaced
   * levels, and one plane for few large weights. The rounds find local optima only.
   */
  private static final double[][] STARTS = {{1.6, 0.6}, {1.8, 0.6}, {3, 1}};

  /** Alternates least squares for the scales and the best of nine values for each element. */
  static TernaryPlanes fit(double[] values, double[] weights, int iterations) {
    double mean = 0;
    for (double value : values) {
      mean += Math.abs(value) / values.length;
    }
    TernaryPlanes best = new TernaryPlanes(0, 0);
    double bestError = Double.POSITIVE_INFINITY;
    for (double[] start : STARTS) {
      TernaryPlanes fitted =
          improve(values, weights, new TernaryPlanes(start[0] * mean, start[1] * mean), iterations);
      double error = error(values, weights, fitted);
      if (error < bestError) {
        best = fitted;
        bestError = error;
      }
    }
    return best;
  }

  private static TernaryPlanes improve(
      double[] values, double[] weights, TernaryPlanes start, int iterations) {
    TernaryPlanes best = start;
    double bestError = error(values, weights, best);
    for (int i = 0; i < iterations; i++) {
      TernaryPlanes next = leastSquares(values, weights, best);
      double error = error(values, weights, next);
      if (!(error < bestError)) {
        break;
      }
      best = next;
      bestError = error;
    }
    return best;
  }

  /** The pair of ternary values nearest to a weight, as {@code 3 (t1 + 1) + t2 + 1}. */
  static int nearest(double value, double first, double second) {
    int best = 4;
    double bestError = Math.abs(value);
    for (int pair = 0; pair < 9; pair++) {
      int a = pair / 3 - 1;
      int b = pair % 3 - 1;
      // An unused plane keeps its zeros.
      if (first == 0 && a != 0 || second == 0 && b != 0) {
        continue;
      }
      double error = Math.abs(value - a * first - b * second);
      if (error < bestError) {
        bestError = error;
        best = pair;
      }
    }
    return best;
  }

  private static double error(double[] values, double[] weights, TernaryPlanes planes) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      int pair = nearest(values[i], planes.first, planes.second);
      double e = values[i] - (pair / 3 - 1) * planes.first - (pair % 3 - 1) * planes.second;
      sum += weights[i] * e * e;
    }
    return sum;
  }

  /** A 2 x 2 system, with a ridge that grows while the planes are nearly collinear. */
  private static TernaryPlanes leastSquares(
      double[] values, double[] weights, TernaryPlanes planes) {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double av = 0;
    double bv = 0;
    for (int i = 0; i < values.length; i++) {
      int pair = nearest(values[i], planes.first, planes.second);
      int a = pair / 3 - 1;
      int b = pair % 3 - 1;
      aa += weights[i] * a * a;
      ab += weights[i] * a * b;
      bb += weights[i] * b * b;
      av += weights[i] * a * values[i];
      bv += weights[i] * b * values[i];
    }
    double trace = aa + bb;
    if (trace == 0) {
      return planes;
    }
    double ridge = RIDGE * trace;
    double determinant = (aa + ridge) * (bb + ridge) - ab * ab;
    while (determinant < 1e-6 * trace * trace && ridge < trace) {
      ridge *= 10;
      determinant = (aa + ridge) * (bb + ridge) - ab * ab;
    }
    double first = Math.abs(((bb + ridge) * av - ab * bv) / determinant);
    double second = Math.abs(((aa + ridge) * bv - ab * av) / determinant);
    return new TernaryPlanes(Math.max(first, second), Math.min(first, second));
  }
}
