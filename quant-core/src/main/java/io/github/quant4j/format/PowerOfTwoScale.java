// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

/**
 * The OCP E8M0 scale type: one byte holding an exponent, value {@code 2^(code - 127)}; code 255 is
 * NaN. There is no zero and no sign.
 *
 * <p>Reference: OCP Microscaling Formats Specification 1.0, section 5.4.
 */
public final class PowerOfTwoScale {
  /** The code of NaN. */
  public static final int NAN = 255;

  private PowerOfTwoScale() {}

  /** How a value between two powers of two is mapped. */
  public enum Mode {
    /** To the next power below. */
    DOWN,
    /** To the next power above. */
    UP,
    /**
     * To the nearer power; exactly halfway goes up, and so does everything between 2^-127 and
     * 2^-126 (as in ml_dtypes, where that range is subnormal).
     */
    NEAREST
  }

  /**
   * The value of a code.
   *
   * @param code from 0 to 255
   * @return {@code 2^(code - 127)}, subnormal for code 0; NaN for 255
   */
  public static float decode(int code) {
    if (code < 0 || code > 255) {
      throw new IndexOutOfBoundsException("code " + code + " is not from 0 to 255");
    }
    return code == NAN ? Float.NaN : Math.scalb(1f, code - 127);
  }

  /**
   * The code of a value.
   *
   * @param value the value to represent; negative values and NaN give NaN, as they have no
   *     counterpart
   * @param mode how to round
   * @param saturate whether values above 2^127 become 2^127, and zero 2^-127, rather than NaN
   * @return the code, from 0 to 255; values below 2^-127 become 2^-127
   */
  public static int encode(float value, Mode mode, boolean saturate) {
    if (saturate && (value == 0 || value == Float.POSITIVE_INFINITY)) {
      return value == 0 ? 0 : 254;
    }
    if (!(value > 0) || value == Float.POSITIVE_INFINITY) {
      return NAN;
    }
    // In double every float is normal, so the exponent and the fraction are read off directly.
    int exponent = Math.getExponent((double) value);
    double fraction = Math.scalb((double) value, -exponent);
    boolean up =
        switch (mode) {
          case DOWN -> false;
          case UP -> fraction > 1;
          case NEAREST -> fraction >= 1.5 || (exponent == -127 && fraction > 1);
        };
    int code = exponent + (up ? 1 : 0) + 127;
    return code > 254 ? (saturate ? 254 : NAN) : Math.max(code, 0);
  }
}
