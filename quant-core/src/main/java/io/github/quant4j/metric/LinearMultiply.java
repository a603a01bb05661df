// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import java.util.Objects;

/**
 * L-Mul, a multiplication by additions (Luo and Sun, "Addition is All You Need", arXiv:2410.00907),
 * simulated bit by bit: for {@code x = (1 + xm) 2^xe} and {@code y} likewise,
 *
 * <pre>L(x, y) = (1 + xm + ym + 2^-l) 2^(xe + ye)</pre>
 *
 * <p>in the place of {@code (1 + xm + ym + xm ym) 2^(xe + ye)}, with the product of the signs.
 * Operands are first rounded to {@code mantissaBits} bits of mantissa, ties to even; a zero gives
 * zero. Results are exact, as all of their bits fit into a binary64.
 *
 * <p>Hardware adds exponent and mantissa as one integer, so that a mantissa sum of 1 and more
 * carries into the exponent and counts twice: {@link Carry#INTO_EXPONENT}. That differs from the
 * formula, which is {@link Carry#NONE}, wherever {@code xm + ym + 2^-l} exceeds 1.
 *
 * @param mantissaBits of the operands, 1 to 23
 * @param carry what becomes of a mantissa sum of 1 and more
 */
public record LinearMultiply(int mantissaBits, Carry carry) {
  private static final int WIDEST = 23;

  /** What becomes of a mantissa sum of 1 and more. */
  public enum Carry {
    /** It is added to 1 as it is: the formula. */
    NONE,
    /** {@code 1 + s} becomes {@code 2 s} from 1 on: exponent and mantissa added as one integer. */
    INTO_EXPONENT
  }

  /**
   * Checks the width.
   *
   * @throws IllegalArgumentException if it is not from 1 to 23
   */
  public LinearMultiply {
    if (mantissaBits < 1 || mantissaBits > WIDEST) {
      throw new IllegalArgumentException(
          "mantissaBits: " + mantissaBits + ", expected 1 to " + WIDEST);
    }
  }

  /**
   * The place of the bit that stands for the mean of {@code xm ym}.
   *
   * @return {@code l}: the mantissa's width up to 3, then 3 at 4 bits and 4 above, as published
   */
  public int offsetBits() {
    if (mantissaBits <= 3) {
      return mantissaBits;
    }
    return mantissaBits == 4 ? 3 : 4;
  }

  /**
   * The product.
   *
   * @param x a finite number
   * @param y a finite number
   * @return {@code L(x, y)} without any rounding
   * @throws IllegalArgumentException if an operand is not finite
   */
  public double multiply(float x, float y) {
    double a = rounded(x);
    double b = rounded(y);
    if (a == 0 || b == 0) {
      return 0;
    }
    int exponent = Math.getExponent(a) + Math.getExponent(b);
    double sum = mantissa(a) + mantissa(b) + Math.scalb(1.0, -offsetBits());
    int carried = carry == Carry.INTO_EXPONENT ? (int) sum : 0;
    double magnitude = Math.scalb(1 + sum - carried, exponent + carried);
    return (a < 0) == (b < 0) ? magnitude : -magnitude;
  }

  /** The operand at the width of the mantissa; every binary32 is normal in binary64. */
  private double rounded(float value) {
    if (!Float.isFinite(value)) {
      throw new IllegalArgumentException("operand: " + value + ", expected a finite number");
    }
    if (value == 0) {
      return 0;
    }
    int step = Math.getExponent((double) value) - mantissaBits;
    return Math.scalb(Math.rint(Math.scalb((double) value, -step)), step);
  }

  private static double mantissa(double value) {
    return Math.scalb(Math.abs(value), -Math.getExponent(value)) - 1;
  }

  /**
   * A dot product whose multiplications are simulated; sums are in binary64.
   *
   * @param x one vector
   * @param xOffset where it begins
   * @param y the other
   * @param yOffset where it begins
   * @param count how many elements
   * @return the sum of {@code L(x, y)}
   * @throws IndexOutOfBoundsException if an array is too short
   * @throws IllegalArgumentException if an element is not finite
   */
  public double dot(float[] x, int xOffset, float[] y, int yOffset, int count) {
    Objects.checkFromIndexSize(xOffset, count, x.length);
    Objects.checkFromIndexSize(yOffset, count, y.length);
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += multiply(x[xOffset + i], y[yOffset + i]);
    }
    return sum;
  }
}
