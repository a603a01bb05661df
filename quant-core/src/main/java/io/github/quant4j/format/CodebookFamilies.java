// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import io.github.quant4j.grammar.Numerals;
import java.util.ArrayList;
import java.util.List;

/** Code books that a few numbers describe. */
public final class CodebookFamilies {
  /** The least exponent of a companded format: the smallest of 127 levels is still a float. */
  public static final double LEAST_EXPONENT = 0.1;

  /** The largest exponent of a companded format. */
  public static final double LARGEST_EXPONENT = 4;

  /** Decimals of an exponent that a name has. */
  private static final double EXPONENT_UNITS = 1000;

  private CodebookFamilies() {}

  /**
   * Power companding: the levels {@code sign(q) |q / Q|^(1/a)} for whole q from {@code -Q} to Q with
   * {@code Q = 2^(bits-1) - 1} (PowerQuant and NUPES, Yvinec et al., arXiv 2308.05600). An exponent
   * below 1 has dense levels near zero. A value is encoded to the nearest level, not to the nearest
   * q of its power.
   *
   * @param exponent a, from 0.1 to 4; rounded to thousandths
   * @param bits from 2 to 8
   * @return the format, {@code power(a,bits)}
   * @throws IllegalArgumentException if a number is out of range
   */
  public static Codebook power(double exponent, int bits) {
    if (!(exponent >= LEAST_EXPONENT && exponent <= LARGEST_EXPONENT) || bits < 2 || bits > 8) {
      throw new IllegalArgumentException(
          "power("
              + exponent
              + ", "
              + bits
              + "): expected an exponent from 0.1 to 4 and 2 to 8 bits");
    }
    double rounded = Math.rint(exponent * EXPONENT_UNITS) / EXPONENT_UNITS;
    int most = (1 << bits - 1) - 1;
    float[] levels = new float[2 * most + 1];
    for (int q = 1; q <= most; q++) {
      levels[most + q] = (float) Math.pow((double) q / most, 1 / rounded);
      levels[most - q] = -levels[most + q];
    }
    return Codebook.named("power(" + Numerals.plain(rounded) + "," + bits + ")", levels);
  }

  /**
   * Powers of two without zero: plus and minus {@code 2^p} for p from 0 to {@code 2^(bits-1) - 1},
   * a sign and a shift (DenseShift, Li et al., arXiv 2208.09708).
   *
   * @param bits from 2 to 6
   * @return the format, {@code pot(bits)}
   * @throws IllegalArgumentException if the width is out of range
   */
  public static Codebook powersOfTwo(int bits) {
    if (bits < 2 || bits > 6) {
      throw new IllegalArgumentException("pot(" + bits + "): expected 2 to 6 bits");
    }
    int half = 1 << bits - 1;
    float[] levels = new float[2 * half];
    for (int p = 0; p < half; p++) {
      levels[half + p] = (float) Math.scalb(1.0, p);
      levels[half - 1 - p] = -levels[half + p];
    }
    return Codebook.named("pot(" + bits + ")", levels);
  }

  /**
   * The dynamic map of 8-bit Optimizers (Dettmers et al., arXiv 2110.02861): a sign, as many zeros
   * as the decimal exponent is negative, a one, and the rest a linear fraction. In each decade
   * {@code 10^(i-6)}, for i from 0 to 6, the levels are the middles of {@code 2^i} equal parts of
   * 0.1 to 1; zero and 1 complete the 256.
   *
   * @return the format, {@code dynamic8}
   */
  static Codebook dynamic8() {
    List<Double> values = new ArrayList<>(List.of(0.0, 1.0));
    for (int decade = 0; decade < 7; decade++) {
      int parts = 1 << decade;
      for (int part = 0; part < parts; part++) {
        double value = Math.pow(10, decade - 6) * (0.1 + 0.9 * (part + 0.5) / parts);
        values.add(value);
        values.add(-value);
      }
    }
    values.sort(null);
    float[] levels = new float[values.size()];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = values.get(i).floatValue();
    }
    return Codebook.named("dynamic8", levels);
  }
}
