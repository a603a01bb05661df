// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * A power of two to measure a matrix in whose values are so large or so small that products of two
 * of them leave binary32's range. It is 1 for all other matrices, whose results stay what they are.
 */
public final class PowerOfTwoUnit {
  private static final int LARGEST_EXPONENT = 40;
  private static final int SMALLEST_EXPONENT = -60;

  private PowerOfTwoUnit() {}

  /**
   * The unit of a matrix.
   *
   * @param matrix any values
   * @return 1 if the largest magnitude lies within 2^-60 and 2^41, is zero or not finite; otherwise
   *     a power of two near it
   */
  public static float of(FloatMatrix matrix) {
    float largest = 0;
    for (float value : matrix.data()) {
      largest = Math.max(largest, Math.abs(value));
    }
    return of(largest);
  }

  /**
   * The unit of a matrix of which the largest magnitude is known.
   *
   * @param largest the largest magnitude
   * @return as {@link #of(FloatMatrix)}
   */
  public static float of(float largest) {
    if (largest == 0 || !Float.isFinite(largest)) {
      return 1f;
    }
    // In double every binary32 number is normal.
    int exponent = Math.getExponent((double) largest);
    boolean isUsual = exponent >= SMALLEST_EXPONENT && exponent <= LARGEST_EXPONENT;
    return isUsual ? 1f : Math.scalb(1f, Math.max(exponent, Float.MIN_EXPONENT));
  }

  /**
   * A matrix in a unit.
   *
   * @param matrix any values; not changed
   * @param unit what {@link #of} gave
   * @return the matrix divided by the unit; the matrix itself if that is 1
   */
  public static FloatMatrix in(float unit, FloatMatrix matrix) {
    if (unit == 1f) {
      return matrix;
    }
    FloatMatrix result = matrix.copy();
    float[] data = result.data();
    for (int i = 0; i < data.length; i++) {
      data[i] /= unit;
    }
    return result;
  }
}
