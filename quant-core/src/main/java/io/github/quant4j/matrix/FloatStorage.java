// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * Rounding to the floating-point types that weights are stored in, and whether a type is enough.
 */
public final class FloatStorage {
  /**
   * The squared error, relative to the values, from which a type does not do. Normal numbers stay
   * below 2^-18 in bfloat16 and 2^-22 in binary16, so only those that underflow come near it.
   */
  private static final double LARGEST_LOSS = 1e-4;

  private FloatStorage() {}

  /**
   * The nearest number of a type.
   *
   * @param value any value
   * @param type F16 or BF16; every other type leaves the value as it is
   * @return the rounded value, infinite beyond the type's range
   */
  public static float round(float value, DType type) {
    return switch (type) {
      case F16 -> HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value));
      case BF16 -> HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(value));
      default -> value;
    };
  }

  /**
   * A matrix of the nearest numbers of a type.
   *
   * @param matrix the values; not changed
   * @param type F16 or BF16; every other type leaves them as they are
   * @return a new matrix
   */
  public static FloatMatrix rounded(FloatMatrix matrix, DType type) {
    FloatMatrix result = matrix.copy();
    float[] data = result.data();
    for (int i = 0; i < data.length; i++) {
      data[i] = round(data[i], type);
    }
    return result;
  }

  /**
   * Whether values survive in a type: none becomes infinite, and too few vanish to matter.
   *
   * @param type F16, BF16 or F32
   * @param values finite values
   * @return false if they had better be stored in a wider type
   */
  public static boolean suffices(DType type, float[] values) {
    double error = 0;
    double power = 0;
    for (float value : values) {
      double change = (double) round(value, type) - value;
      error += change * change;
      power += (double) value * value;
    }
    return error <= LARGEST_LOSS * power;
  }
}
