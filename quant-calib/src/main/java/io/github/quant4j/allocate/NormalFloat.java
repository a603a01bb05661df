// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * NormalFloat of other widths than 4: quantiles of a normal distribution, {@code 2^(b-1)} of them
 * positive and one fewer negative, with a zero between, scaled to [-1, 1] (QLoRA, arXiv:2305.14314,
 * and LQ-LoRA, arXiv:2311.12023).
 */
final class NormalFloat {
  /** The outermost quantile, {@code (1 - 1/30 + 1 - 1/32) / 2}. */
  private static final double OUTERMOST = 0.9677083;

  private NormalFloat() {}

  /** The format's word in recipes. */
  static String format(int bits) {
    return bits == 4
        ? "nf4"
        : DoubleStream.of(levels(bits))
            .mapToObj(level -> String.format(Locale.ROOT, "%.6g", level))
            .collect(Collectors.joining(",", "levels(", ")"));
  }

  static double[] levels(int bits) {
    int positive = 1 << (bits - 1);
    int negative = positive - 1;
    double[] levels = new double[positive + negative + 1];
    for (int i = 0; i < negative; i++) {
      levels[i] = -quantile(OUTERMOST - (OUTERMOST - 0.5) * i / negative);
    }
    for (int i = 0; i < positive; i++) {
      levels[levels.length - 1 - i] = quantile(OUTERMOST - (OUTERMOST - 0.5) * i / positive);
    }
    double largest = levels[levels.length - 1];
    for (int i = 0; i < levels.length; i++) {
      levels[i] /= largest;
    }
    return levels;
  }

  /** The inverse of the distribution function, by bisection; for probabilities of 0.5 to 0.99. */
  private static double quantile(double probability) {
    double low = 0;
    double high = 4;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (distribution(middle) < probability) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** Marsaglia's series, which converges fast for small arguments. */
  private static double distribution(double x) {
    double term = x;
    double sum = x;
    for (int k = 3; k < 120; k += 2) {
      term *= x * x / k;
      sum += term;
    }
    return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }
}
