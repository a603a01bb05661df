// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

/**
 * Outlier-victim pairs of 4-bit codes (OliVe, Guo et al., arXiv 2304.07493): two neighbours are
 * whole numbers from -7 to 7, or one is an outlier and the other, its victim, is zero. The code of a
 * victim is the one that -8 would have; its neighbour's code is then an abfloat with a sign, 2 bits
 * of exponent, 1 of mantissa and a bias of 2, {@code (2 + m) 2^(e + 2)}: plus or minus 12, 16, 24,
 * 32, 48, 64 or 96.
 *
 * <p>Codes are two's complement and sign and magnitude; a magnitude of zero is no outlier.
 */
public final class OutlierPairs {
  /** Bits of each of the two codes. */
  public static final int BITS = 4;

  /** The largest magnitude of a normal value. */
  public static final int LARGEST_NORMAL = 7;

  /** The largest magnitude of an outlier. */
  public static final int LARGEST_OUTLIER = 96;

  /** What a victim has in place of a value. */
  static final int VICTIM = 8;

  private static final int SIGN = 8;
  private static final int EXPONENT_BIAS = 2;
  private static final int MAGNITUDES = 8;

  private OutlierPairs() {}

  /** The value of an outlier's code; that of magnitude zero is not used, and counts as zero. */
  static float outlier(int code) {
    int magnitude = code & MAGNITUDES - 1;
    if (magnitude == 0) {
      return 0;
    }
    int value = (2 + (magnitude & 1)) << (magnitude >> 1) + EXPONENT_BIAS;
    return (code & SIGN) != 0 ? -value : value;
  }

  private static float normal(int code) {
    return code >= VICTIM ? code - 16 : code;
  }

  /**
   * The value of the first of two codes; for the second, give them in reverse.
   *
   * @param code of the value, from 0 to 15
   * @param neighbour the other code
   * @return zero for a victim, and for the two victims that no encoder writes
   */
  public static float decode(int code, int neighbour) {
    if (code == VICTIM) {
      return 0;
    }
    return neighbour == VICTIM ? outlier(code) : normal(code);
  }

  /**
   * The two codes with the least squared error.
   *
   * @param first a finite value, in units of the scale
   * @param second its neighbour
   * @return the code of the first value, plus 16 times that of the second
   */
  public static int encode(float first, float second) {
    int normalFirst = normalCode(first);
    int normalSecond = normalCode(second);
    int best = normalFirst + 16 * normalSecond;
    double least = square(first - normal(normalFirst)) + square(second - normal(normalSecond));
    int outlierFirst = outlierCode(first);
    double error = square(first - outlier(outlierFirst)) + square(second);
    if (error < least) {
      least = error;
      best = outlierFirst + 16 * VICTIM;
    }
    int outlierSecond = outlierCode(second);
    error = square(first) + square(second - outlier(outlierSecond));
    return error < least ? VICTIM + 16 * outlierSecond : best;
  }

  /**
   * The code of a value without a neighbour.
   *
   * @param value a finite value, in units of the scale
   * @return the nearest normal one
   */
  public static int normalCode(float value) {
    int rounded = (int) Math.rint(Math.clamp(value, -LARGEST_NORMAL, LARGEST_NORMAL));
    return rounded & 15;
  }

  private static int outlierCode(float value) {
    int best = 1;
    float magnitude = Math.abs(value);
    for (int code = 2; code < MAGNITUDES; code++) {
      if (Math.abs(magnitude - outlier(code)) < Math.abs(magnitude - outlier(best))) {
        best = code;
      }
    }
    return value < 0 ? best | SIGN : best;
  }

  private static double square(double x) {
    return x * x;
  }
}
