// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

/**
 * Conversions between binary32 and the 16-bit formats, rounding to nearest, ties to even.
 *
 * <p>Binary16 uses the JDK's own conversion, which compiles to one instruction where the CPU has
 * it. Neither direction saturates: values beyond the range become infinite.
 */
public final class HalfPrecision {
  private HalfPrecision() {}

  /**
   * The bfloat16 bits of a value.
   *
   * @param value any value; a NaN stays a quiet NaN of its sign
   * @return the upper 16 bits of the rounded binary32
   */
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) & 0x8000 | 0x7fc0);
    }
    // Adding just under half an ulp, plus the last kept bit, rounds ties to even.
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /**
   * The value of bfloat16 bits.
   *
   * @param bits the 16 bits
   * @return the value, exactly
   */
  public static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /**
   * The binary16 bits of a value.
   *
   * @param value any value
   * @return the bits
   */
  public static short toFloat16(float value) {
    return Float.floatToFloat16(value);
  }

  /**
   * The value of binary16 bits.
   *
   * @param bits the 16 bits
   * @return the value, exactly
   */
  public static float fromFloat16(short bits) {
    return Float.float16ToFloat(bits);
  }
}
