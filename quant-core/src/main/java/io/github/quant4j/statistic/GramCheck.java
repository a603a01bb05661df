// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

/** Finds moments that no inputs can have, before an algorithm follows them into nonsense. */
public final class GramCheck {
  /** Rounding errors of sums of products, relative to the product of two diagonal elements. */
  private static final double TOLERANCE = 1e-3;

  private GramCheck() {}

  /**
   * Whether an error {@code e H e^T} means something: all elements are finite, not all of them are
   * zero, and none is larger than the geometric mean of its two diagonal ones, which is what
   * positive definiteness asks of pairs of inputs.
   *
   * <p>Cost: one pass over the upper triangle.
   *
   * @param gram the moment
   * @return false if there were no tokens, one of them was not finite, or the values are damaged
   */
  public static boolean isUsable(Gram gram) {
    float[] values = gram.values();
    int size = gram.size();
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double diagonal = values[i * size + i];
      if (!(diagonal >= 0)) {
        return false;
      }
      sum += diagonal;
    }
    if (!(sum > 0) || sum > Float.MAX_VALUE) {
      return false;
    }
    for (int i = 0; i < size; i++) {
      double limit = (1 + TOLERANCE) * values[i * size + i];
      for (int j = i + 1; j < size; j++) {
        double value = values[i * size + j];
        // A comparison with NaN is false.
        if (!(value * value <= limit * values[j * size + j] + Float.MIN_NORMAL)) {
          return false;
        }
      }
    }
    return true;
  }
}
