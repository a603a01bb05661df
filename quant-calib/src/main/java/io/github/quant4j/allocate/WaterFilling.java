// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

/**
 * Widths that need not be whole: if the loss of layer {@code l} with {@code n_l} weights of {@code
 * b_l} bits is {@code a_l 4^-b_l}, the sum is least, for a given mean width, at
 *
 * <pre>b_l = mean + 1/2 log2(a_l / n_l) - (that, averaged over all weights)</pre>
 *
 * <p>as Q-Palette (Lee and Song, arXiv:2509.20214) has it. The average is weighted by {@code n_l},
 * or the widths would not have the mean. Within bounds it is reverse water-filling: layers at a
 * bound stay there, and the others share the rest.
 */
public final class WaterFilling {
  private static final int BISECTIONS = 200;

  private WaterFilling() {}

  /**
   * The widths.
   *
   * @param coefficients {@code a_l}, positive
   * @param weights {@code n_l}, positive
   * @param mean bits by weight over all layers
   * @param least the smallest width
   * @param most the largest width
   * @return one for each layer, of that mean
   * @throws IllegalArgumentException if a number is not positive, the arrays differ in length, or
   *     the mean is not within the bounds
   */
  public static double[] widths(
      double[] coefficients, long[] weights, double mean, double least, double most) {
    if (coefficients.length != weights.length || coefficients.length == 0) {
      throw new IllegalArgumentException(
          "layers: "
              + coefficients.length
              + " coefficients, "
              + weights.length
              + " sizes, expected as many of both");
    }
    if (!(least <= mean && mean <= most)) {
      throw new IllegalArgumentException(
          "mean: " + mean + ", expected from " + least + " to " + most);
    }
    double[] levels = new double[weights.length];
    double total = 0;
    double lowest = Double.POSITIVE_INFINITY;
    double highest = Double.NEGATIVE_INFINITY;
    for (int l = 0; l < levels.length; l++) {
      if (!(coefficients[l] > 0) || weights[l] < 1 || !Double.isFinite(coefficients[l])) {
        throw new IllegalArgumentException(
            "layer "
                + l
                + ": coefficient "
                + coefficients[l]
                + ", "
                + weights[l]
                + " weights, expected positive numbers");
      }
      levels[l] = Math.log(coefficients[l] / weights[l]) / Math.log(4);
      total += weights[l];
      lowest = Math.min(lowest, levels[l]);
      highest = Math.max(highest, levels[l]);
    }
    double low = least - highest;
    double high = most - lowest;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      double bits = 0;
      for (int l = 0; l < levels.length; l++) {
        bits += weights[l] * Math.clamp(levels[l] + middle, least, most);
      }
      if (bits < mean * total) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double[] widths = new double[levels.length];
    for (int l = 0; l < widths.length; l++) {
      widths[l] = Math.clamp(levels[l] + high, least, most);
    }
    return widths;
  }
}
