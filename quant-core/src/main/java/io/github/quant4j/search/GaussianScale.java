// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.commonsmath.CommonsMath;
import io.github.quant4j.format.NumberFormat;
import java.util.Arrays;

/**
 * The scale at which rounding a standard normal variable to given levels has the least mean squared
 * error, by exact integration of the density between the thresholds.
 */
final class GaussianScale {
  private static final int COARSE_STEPS = 200;
  private static final double SMALLEST_REACH = 0.25;
  private static final double LARGEST_REACH = 16;

  private GaussianScale() {}

  /** For the levels of a format as they are. */
  static double of(NumberFormat format) {
    return best(format.levels());
  }

  /** For the levels of a format moved so that they lie evenly around zero, as a zero point does. */
  static double ofRange(NumberFormat format) {
    float[] levels = format.levels();
    float middle = (levels[0] + levels[levels.length - 1]) / 2;
    for (int i = 0; i < levels.length; i++) {
      levels[i] -= middle;
    }
    return best(levels);
  }

  private static double best(float[] levels) {
    double outermost = Math.max(Math.abs(levels[0]), Math.abs(levels[levels.length - 1]));
    // A coarse scan first: code books can have several valleys.
    double[] scales = new double[COARSE_STEPS + 1];
    for (int i = 0; i <= COARSE_STEPS; i++) {
      double reach =
          SMALLEST_REACH * Math.pow(LARGEST_REACH / SMALLEST_REACH, (double) i / COARSE_STEPS);
      scales[i] = reach / outermost;
    }
    double[] errors = Arrays.stream(scales).map(scale -> meanSquaredError(levels, scale)).toArray();
    int best = 0;
    for (int i = 1; i <= COARSE_STEPS; i++) {
      best = errors[i] < errors[best] ? i : best;
    }
    return CommonsMath.minimize(
        scale -> meanSquaredError(levels, scale),
        scales[Math.max(0, best - 1)],
        scales[Math.min(COARSE_STEPS, best + 1)],
        scales[best]);
  }

  /** {@code E[(x - nearest level)^2]} for standard normal x and ascending levels times a scale. */
  static double meanSquaredError(float[] levels, double scale) {
    double sum = 0;
    double from = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < levels.length; i++) {
      double level = scale * levels[i];
      double to =
          i + 1 < levels.length
              ? scale * ((double) levels[i] + levels[i + 1]) / 2
              : Double.POSITIVE_INFINITY;
      double mass = cumulative(to) - cumulative(from);
      double first = density(from) - density(to);
      double second = mass + edge(from) - edge(to);
      sum += second - 2 * level * first + level * level * mass;
      from = to;
    }
    return sum;
  }

  private static double cumulative(double x) {
    return 0.5 * CommonsMath.erfc(-x / Math.sqrt(2));
  }

  private static double density(double x) {
    return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  private static double edge(double x) {
    return Double.isInfinite(x) ? 0 : x * density(x);
  }
}
