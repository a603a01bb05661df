// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import java.util.Objects;

/**
 * A small floating-point format: one sign bit, {@code exponentBits} and {@code mantissaBits}, with
 * subnormals.
 *
 * <p>A code is {@code sign << (E+M) | exponent << M | mantissa}. With exponent field {@code e} and
 * mantissa field {@code m} its magnitude is {@code (1 + m / 2^M) * 2^(e - bias)} for {@code e > 0}
 * and {@code m / 2^M * 2^(1 - bias)} for {@code e = 0}. Rounding is to nearest, ties to even.
 *
 * <p>References: OCP 8-bit Floating Point Specification 1.0, OCP Microscaling Formats 1.0, and for
 * the FNUZ types Noune et al., arXiv 2206.02915.
 *
 * @param exponentBits at least 1 (zero exponent bits would be an integer)
 * @param mantissaBits at least 0
 * @param bias the exponent bias
 * @param specials which codes are not finite numbers
 */
public record MiniFloat(int exponentBits, int mantissaBits, int bias, Specials specials)
    implements NumberFormat {

  /** Which codes a minifloat reserves. */
  public enum Specials {
    /** None: every code is a finite number (OCP FP6 and FP4, and all {@code eEmM} formats here). */
    FINITE,
    /** Exponent and mantissa all ones are NaN; no infinities (OCP FP8 E4M3). */
    NAN_ONLY,
    /** The largest exponent is kept for infinities and NaN, as in IEEE 754 (OCP FP8 E5M2). */
    IEEE,
    /** The code of negative zero is the only NaN; no infinities, no negative zero. */
    UNSIGNED_ZERO
  }

  /** OCP FP8 E4M3: maximum 448, NaN but no infinities. */
  public static final MiniFloat FP8_E4M3 = new MiniFloat(4, 3, 7, Specials.NAN_ONLY);

  /** OCP FP8 E5M2: maximum 57344, infinities and NaN. */
  public static final MiniFloat FP8_E5M2 = new MiniFloat(5, 2, 15, Specials.IEEE);

  /** OCP FP6 E2M3: maximum 7.5. */
  public static final MiniFloat FP6_E2M3 = new MiniFloat(2, 3, 1, Specials.FINITE);

  /** OCP FP6 E3M2: maximum 28. */
  public static final MiniFloat FP6_E3M2 = new MiniFloat(3, 2, 3, Specials.FINITE);

  /** OCP FP4 E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. */
  public static final MiniFloat FP4_E2M1 = new MiniFloat(2, 1, 1, Specials.FINITE);

  /** FP8 E4M3 without negative zero: maximum 240. */
  public static final MiniFloat FP8_E4M3_FNUZ = new MiniFloat(4, 3, 8, Specials.UNSIGNED_ZERO);

  /** FP8 E5M2 without negative zero: maximum 57344. */
  public static final MiniFloat FP8_E5M2_FNUZ = new MiniFloat(5, 2, 16, Specials.UNSIGNED_ZERO);

  /**
   * Checks the fields.
   *
   * @throws IllegalArgumentException if there is no exponent bit, a negative number of mantissa
   *     bits, fewer than 3 or more than 8 bits in all, or an IEEE format without mantissa
   */
  public MiniFloat {
    if (exponentBits < 1 || mantissaBits < 0) {
      throw new IllegalArgumentException(
          "e"
              + exponentBits
              + "m"
              + mantissaBits
              + ": expected at least one exponent bit and no negative mantissa");
    }
    int total = 1 + exponentBits + mantissaBits;
    if (total < 3 || total > 8) {
      throw new IllegalArgumentException(
          "e"
              + exponentBits
              + "m"
              + mantissaBits
              + ": "
              + total
              + " bits with the sign, expected 3 to 8");
    }
    if (bias < -100 || bias > 100) {
      throw new IllegalArgumentException("bias: " + bias + ", expected -100 to 100");
    }
    if (specials == Specials.IEEE && (mantissaBits == 0 || exponentBits == 1)) {
      throw new IllegalArgumentException(
          "e"
              + exponentBits
              + "m"
              + mantissaBits
              + ": an IEEE format needs a mantissa bit and two exponent bits");
    }
  }

  /**
   * The format {@code eEmM} with bias {@code 2^(E-1) - 1} in which every code is finite.
   *
   * @param exponentBits at least 1
   * @param mantissaBits at least 0
   * @return the format
   * @throws IllegalArgumentException if the total with the sign is not 3 to 8 bits
   */
  public static MiniFloat finite(int exponentBits, int mantissaBits) {
    return new MiniFloat(
        exponentBits, mantissaBits, (1 << Math.max(0, exponentBits - 1)) - 1, Specials.FINITE);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The OCP formats are named {@code fp8e4m3}, {@code fp8e5m2}, {@code fp6e2m3}, {@code fp6e3m2}
   * and {@code fp4e2m1}; other finite ones {@code eEmM}, with {@code bB} behind when the bias is
   * not the usual one; {@code ieee}, {@code fn} and {@code fnuz} behind say which codes are
   * special.
   */
  @Override
  public String name() {
    int usual = (1 << (exponentBits - 1)) - 1;
    String base = "e" + exponentBits + "m" + mantissaBits;
    boolean usualBias = specials == Specials.UNSIGNED_ZERO ? bias == usual + 1 : bias == usual;
    if (usualBias) {
      if (equals(FP8_E4M3) || equals(FP8_E5M2)) {
        return "fp8" + base;
      }
      if (equals(FP6_E2M3) || equals(FP6_E3M2)) {
        return "fp6" + base;
      }
      if (equals(FP4_E2M1)) {
        return "fp4" + base;
      }
    }
    String suffix =
        switch (specials) {
          case FINITE -> "";
          case NAN_ONLY -> "fn";
          case IEEE -> "ieee";
          case UNSIGNED_ZERO -> "fnuz";
        };
    return base + (usualBias ? "" : "b" + bias) + suffix;
  }

  @Override
  public int bits() {
    return 1 + exponentBits + mantissaBits;
  }

  private int signBit() {
    return 1 << (exponentBits + mantissaBits);
  }

  private int maximumCode() {
    int all = signBit() - 1;
    return switch (specials) {
      case FINITE, UNSIGNED_ZERO -> all;
      case NAN_ONLY -> all - 1;
      case IEEE -> all - (1 << mantissaBits);
    };
  }

  @Override
  public float decode(int code) {
    Objects.checkIndex(code, 1 << bits());
    int magnitude = code & (signBit() - 1);
    boolean negative = (code & signBit()) != 0;
    if (negative && magnitude == 0 && specials == Specials.UNSIGNED_ZERO) {
      return Float.NaN;
    }
    if (magnitude > maximumCode()) {
      boolean infinite = specials == Specials.IEEE && magnitude == maximumCode() + 1;
      float special = infinite ? Float.POSITIVE_INFINITY : Float.NaN;
      return negative && infinite ? -special : special;
    }
    float value = magnitudeOf(magnitude);
    return negative ? -value : value;
  }

  private float magnitudeOf(int magnitude) {
    int exponent = magnitude >> mantissaBits;
    int mantissa = magnitude & ((1 << mantissaBits) - 1);
    return exponent == 0
        ? Math.scalb((float) mantissa, 1 - bias - mantissaBits)
        : Math.scalb((float) (mantissa + (1 << mantissaBits)), exponent - bias - mantissaBits);
  }

  /** Code of the rounded magnitude, without regard to the largest code. */
  private int roundedMagnitude(float magnitude) {
    int exponent = Math.max(Math.getExponent(magnitude), 1 - bias);
    // Scaling by a power of two is exact in double, so this rounds only once.
    int mantissa = (int) Math.rint(Math.scalb((double) magnitude, mantissaBits - exponent));
    // A mantissa that rounds up to 2^(M+1) carries into the exponent field by itself.
    return ((exponent + bias - 1) << mantissaBits) + mantissa;
  }

  @Override
  public int encode(float value) {
    if (Float.isNaN(value)) {
      return nanCode(false);
    }
    int sign = Float.floatToRawIntBits(value) < 0 ? signBit() : 0;
    if (Float.isInfinite(value)) {
      return sign | maximumCode();
    }
    int magnitude = Math.min(roundedMagnitude(Math.abs(value)), maximumCode());
    return signed(sign, magnitude);
  }

  private int signed(int sign, int magnitude) {
    return magnitude == 0 && specials == Specials.UNSIGNED_ZERO ? 0 : sign | magnitude;
  }

  private int nanCode(boolean negative) {
    int sign = negative ? signBit() : 0;
    return switch (specials) {
      case FINITE -> maximumCode();
      case NAN_ONLY -> sign | (signBit() - 1);
      case IEEE -> sign | (maximumCode() + 1 + (1 << (mantissaBits - 1)));
      case UNSIGNED_ZERO -> signBit();
    };
  }

  /**
   * The code of the nearest value without saturation: values that round beyond the largest finite
   * one become infinite, or NaN where there are no infinities.
   *
   * <p>This is the plain cast of the OCP and IEEE formats. Formats in which every code is finite
   * saturate all the same; there NaN becomes a zero of the opposite sign, as in the ml_dtypes
   * library.
   *
   * @param value any value, NaN and infinities included
   * @return the code
   */
  public int encodeNonSaturating(float value) {
    boolean negative = Float.floatToRawIntBits(value) < 0;
    int sign = negative ? signBit() : 0;
    if (Float.isNaN(value)) {
      return specials == Specials.FINITE ? signBit() - sign : nanCode(negative);
    }
    int magnitude = Float.isInfinite(value) ? Integer.MAX_VALUE : roundedMagnitude(Math.abs(value));
    if (magnitude <= maximumCode()) {
      return signed(sign, magnitude);
    }
    return switch (specials) {
      case FINITE -> sign | maximumCode();
      case IEEE -> sign | (maximumCode() + 1);
      case NAN_ONLY, UNSIGNED_ZERO -> nanCode(negative);
    };
  }

  @Override
  public float below(float value) {
    float nearest = nearest(value);
    return nearest <= value ? nearest : neighbour(nearest, -1);
  }

  @Override
  public float above(float value) {
    float nearest = nearest(value);
    return nearest >= value ? nearest : neighbour(nearest, 1);
  }

  /** The level next to a level, in the given direction, or the level itself at the end. */
  private float neighbour(float level, int direction) {
    int magnitude = roundedMagnitude(Math.abs(level));
    int position = level < 0 ? -magnitude : magnitude;
    int next = Math.clamp(position + direction, -maximumCode(), maximumCode());
    float value = magnitudeOf(Math.abs(next));
    return next < 0 ? -value : value;
  }

  @Override
  public float[] levels() {
    int top = maximumCode();
    float[] levels = new float[2 * top + 1];
    for (int magnitude = 0; magnitude <= top; magnitude++) {
      levels[top + magnitude] = magnitudeOf(magnitude);
      levels[top - magnitude] = magnitude == 0 ? 0f : -magnitudeOf(magnitude);
    }
    return levels;
  }

  @Override
  public float minimum() {
    return -maximum();
  }

  @Override
  public float maximum() {
    return magnitudeOf(maximumCode());
  }

  /** The {@link #name()}. */
  @Override
  public String toString() {
    return name();
  }
}
