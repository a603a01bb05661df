// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;

/**
 * A format given by its list of values, in ascending order; a code is an index into the list.
 *
 * <p>Values that lie exactly between two levels go to the one of smaller magnitude. Encoding is a
 * binary search, at most eight comparisons.
 */
public final class Codebook implements NumberFormat {

  /**
   * NormalFloat with 4 bits: the quantiles of a normal distribution, scaled to [-1, 1], with an
   * exact zero (Dettmers et al., QLoRA, arXiv 2305.14314, appendix E).
   */
  public static final Codebook NF4 =
      named(
          "nf4",
          -1.0f,
          -0.6961928f,
          -0.52507305f,
          -0.3949175f,
          -0.28444138f,
          -0.18477343f,
          -0.091050036f,
          0.0f,
          0.0795803f,
          0.1609302f,
          0.2461123f,
          0.33791524f,
          0.44070983f,
          0.562617f,
          0.72295684f,
          1.0f);

  /** The values -1, 0 and 1 in two bits; the fourth code is unused. */
  public static final Codebook TERNARY = named("ternary", -1f, 0f, 1f);

  /** The values -1 and 1 in one bit. */
  public static final Codebook BINARY = named("binary", -1f, 1f);

  /** The dynamic map of 8-bit Optimizers (Dettmers et al., arXiv 2110.02861), 256 values. */
  public static final Codebook DYNAMIC8 = CodebookFamilies.dynamic8();

  private final String name;
  private final int bits;
  private final float[] levels;
  private final float[] boundaries;

  private Codebook(String name, float[] levels) {
    if (levels.length < 2 || levels.length > 256) {
      throw new IllegalArgumentException("levels: " + levels.length + " values, expected 2 to 256");
    }
    for (int i = 0; i < levels.length; i++) {
      if (!Float.isFinite(levels[i])) {
        throw new IllegalArgumentException("levels: value " + i + " is " + levels[i]);
      }
      if (i > 0 && levels[i] <= levels[i - 1]) {
        throw new IllegalArgumentException(
            "levels: value "
                + i
                + " ("
                + levels[i]
                + ") is not above the one before it ("
                + levels[i - 1]
                + ")");
      }
    }
    this.name = name;
    this.levels = levels;
    this.bits = 32 - Integer.numberOfLeadingZeros(levels.length - 1);
    this.boundaries = new float[levels.length - 1];
    for (int i = 0; i < boundaries.length; i++) {
      boundaries[i] = (float) (((double) levels[i] + levels[i + 1]) / 2);
    }
  }

  /** A code book that is known by a name, which must be one that is read back. */
  static Codebook named(String name, float... levels) {
    return new Codebook(name, levels);
  }

  /**
   * A code book of one's own.
   *
   * @param levels 2 to 256 finite values, strictly ascending; copied
   * @return the format; its name lists the values
   * @throws IllegalArgumentException if the values are too few, too many, not finite or not
   *     ascending
   */
  public static Codebook of(float... levels) {
    float[] copy = levels.clone();
    for (Codebook known : new Codebook[] {NF4, TERNARY, BINARY}) {
      if (Arrays.equals(known.levels, copy)) {
        return known;
      }
    }
    StringBuilder name = new StringBuilder("levels(");
    for (int i = 0; i < copy.length; i++) {
      name.append(i == 0 ? "" : ",").append(shortest(copy[i]));
    }
    return new Codebook(name.append(')').toString(), copy);
  }

  private static String shortest(float value) {
    String text = Float.toString(value).toLowerCase(Locale.ROOT);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int bits() {
    return bits;
  }

  /**
   * The number of levels, which need not be a power of two.
   *
   * @return from 2 to 256
   */
  public int size() {
    return levels.length;
  }

  @Override
  public float decode(int code) {
    Objects.checkIndex(code, 1 << bits);
    return code < levels.length ? levels[code] : Float.NaN;
  }

  @Override
  public int encode(float value) {
    if (Float.isNaN(value)) {
      return levels.length - 1;
    }
    int low = 0;
    int high = levels.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (value > boundaries[middle] || (value == boundaries[middle] && levels[middle] < 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  public float below(float value) {
    int code = encode(value);
    return levels[code] > value && code > 0 ? levels[code - 1] : levels[code];
  }

  @Override
  public float above(float value) {
    int code = encode(value);
    return levels[code] < value && code < levels.length - 1 ? levels[code + 1] : levels[code];
  }

  @Override
  public float[] levels() {
    return levels.clone();
  }

  @Override
  public float minimum() {
    return levels[0];
  }

  @Override
  public float maximum() {
    return levels[levels.length - 1];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Codebook codebook && Arrays.equals(levels, codebook.levels);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(levels);
  }

  /** The {@link #name()}. */
  @Override
  public String toString() {
    return name;
  }
}
