// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

/**
 * A ratio of scales as a whole number by a power of two, {@code m / 2^c}, so that an accumulator of
 * an integer layer becomes the next layer's input by one integer multiplication and a shift: {@code
 * S_w S_a / S_y} of HAWQ-V3 (Yao et al., arXiv:2011.10680) and of Jacob et al. (arXiv:1712.05877).
 *
 * <p>Requantizing is exact: it gives the whole number nearest to {@code accumulator m / 2^c},
 * halves up, without any floating-point arithmetic.
 *
 * @param multiplier {@code m}, from 0 to 2^31 - 1
 * @param shift {@code c}, from 1 to 62
 */
public record DyadicRatio(int multiplier, int shift) {
  private static final int LARGEST_SHIFT = 62;
  private static final int MOST_BITS = 31;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public DyadicRatio {
    if (multiplier < 0 || shift < 1 || shift > LARGEST_SHIFT) {
      throw new IllegalArgumentException(
          "ratio: "
              + multiplier
              + " / 2^"
              + shift
              + ", expected a multiplier of at least 0 and a shift of 1 to "
              + LARGEST_SHIFT);
    }
  }

  /**
   * The nearest ratio with a multiplier of so many bits; its relative error is at most {@code
   * 2^-bits}, unless the ratio is so small that the shift ends.
   *
   * @param ratio positive and below {@code 2^(bits-2)}; scales of layers have ratios below 1
   * @param bits of the multiplier, 1 to 31
   * @return the nearest dyadic number
   * @throws IllegalArgumentException if the ratio or the number of bits is out of range
   */
  public static DyadicRatio nearest(double ratio, int bits) {
    if (bits < 1 || bits > MOST_BITS || !(ratio > 0 && ratio < Math.scalb(1.0, bits - 2))) {
      throw new IllegalArgumentException(
          "ratio: "
              + ratio
              + " in "
              + bits
              + " bits, expected 1 to 31 bits and a positive ratio below a quarter of their range");
    }
    int shift = Math.min(bits - 1 - Math.getExponent(ratio), LARGEST_SHIFT);
    double scaled = Math.rint(Math.scalb(ratio, shift));
    if (scaled >= Math.scalb(1.0, bits)) {
      // Rounding up has carried into another bit.
      shift--;
      scaled = Math.rint(Math.scalb(ratio, shift));
    }
    return new DyadicRatio((int) scaled, shift);
  }

  /**
   * An accumulator in units of the output's scale.
   *
   * @param accumulator the sum of products of an integer layer
   * @return the whole number nearest to {@code accumulator m / 2^c}, halves up
   */
  public long requantize(int accumulator) {
    // At most 62 bits and a sign, and the half does not carry into the sign.
    long product = (long) accumulator * multiplier;
    long whole = product >> shift;
    long half = (product >> (shift - 1)) & 1;
    return whole + half;
  }

  /**
   * The same within the codes of a format.
   *
   * @param accumulator the sum of products of an integer layer
   * @param least the smallest code
   * @param most the largest code
   * @return the code
   */
  public int requantize(int accumulator, int least, int most) {
    return Math.clamp(requantize(accumulator), least, most);
  }

  /**
   * The number.
   *
   * @return {@code m / 2^c}, exactly
   */
  public double toDouble() {
    return Math.scalb((double) multiplier, -shift);
  }
}
