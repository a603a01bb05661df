// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.lane;

/** Errors of rounding to integer grids, one lane for each row. */
public final class ErrorLanes {
  /** Adding and subtracting 1.5 * 2^23 rounds to the nearest even integer below 2^22. */
  private static final float ROUNDER = 12_582_912f;

  private ErrorLanes() {}

  /**
   * {@code result = (clamp(rint(weights * inverse + zeros)) - zeros) * scales - weights}.
   *
   * @param count lanes
   * @param weights what is rounded
   * @param inverses reciprocals of the scales
   * @param scales the scales
   * @param zeros the zero points
   * @param least the smallest integer
   * @param most the largest integer
   * @param result receives the errors
   */
  public static void roundingErrors(
      int count,
      float[] weights,
      float[] inverses,
      float[] scales,
      float[] zeros,
      int least,
      int most,
      float[] result) {
    for (int i = 0; i < count; i++) {
      float value = weights[i] * inverses[i] + zeros[i];
      int rounded = Math.min(most, Math.max(least, (int) ((value + ROUNDER) - ROUNDER)));
      result[i] = (rounded - zeros[i]) * scales[i] - weights[i];
    }
  }

  /**
   * {@code sums += weight errors^2}.
   *
   * @param count lanes
   * @param weight the weight of these errors
   * @param errors the errors
   * @param sums the sums to add to
   */
  public static void addSquares(int count, float weight, float[] errors, float[] sums) {
    for (int i = 0; i < count; i++) {
      sums[i] += weight * errors[i] * errors[i];
    }
  }
}
