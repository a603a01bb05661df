// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

/**
 * A finite, ordered set of real numbers with a binary code for each: what a quantized element can
 * be, before any scale.
 *
 * <p>A format knows nothing of scales, groups, rounding algorithms or packing; those are chosen
 * elsewhere and combine freely with any format. Codes are unsigned integers of {@link #bits()}
 * bits; their order need not be the order of the values (minifloats are sign and magnitude). Every
 * implementation is immutable and thread-safe, compares by value, and round-trips through {@link
 * NumberFormats#parse(String)} by its {@link #name()}.
 *
 * <p>Invariants: {@code decode(encode(x))} is the level closest to {@code x}, ties going to the
 * level whose code is even for integers and minifloats and to the smaller magnitude for code books;
 * {@code encode(decode(c))} decodes to the same value as {@code c}; {@code nearest} is monotone.
 */
public sealed interface NumberFormat permits IntegerFormat, MiniFloat, Codebook {

  /**
   * The canonical text form.
   *
   * @return for example {@code int4}, {@code fp8e4m3}, {@code e3m2}, {@code nf4}
   */
  String name();

  /**
   * The bits of one stored code.
   *
   * @return from 1 to 8
   */
  int bits();

  /**
   * The value of a code.
   *
   * @param code from 0 to {@code 2^bits() - 1}
   * @return the value; NaN or infinite for the special codes of formats that have them, and for the
   *     unused codes of code books whose size is not a power of two
   * @throws IndexOutOfBoundsException if the code has more than {@code bits()} bits
   */
  float decode(int code);

  /**
   * The code of the nearest level, saturating: values beyond the range take the outermost level.
   *
   * @param value any value; NaN gives the format's NaN, or the largest level where there is none
   * @return the code, from 0 to {@code 2^bits() - 1}
   */
  int encode(float value);

  /**
   * The nearest level.
   *
   * @param value any finite value
   * @return {@code decode(encode(value))}
   */
  default float nearest(float value) {
    return decode(encode(value));
  }

  /**
   * The largest level that is not above a value: the lower neighbour that learned rounding chooses
   * from.
   *
   * @param value any finite value
   * @return the level, or the smallest one if all lie above
   */
  float below(float value);

  /**
   * The smallest level that is not below a value.
   *
   * @param value any finite value
   * @return the level, or the largest one if all lie below
   */
  float above(float value);

  /**
   * The finite levels.
   *
   * @return a fresh array, strictly ascending
   */
  float[] levels();

  /**
   * The smallest level.
   *
   * @return negative for signed formats
   */
  float minimum();

  /**
   * The largest finite level.
   *
   * @return positive
   */
  float maximum();

  /**
   * Values of all codes, for kernels that decode by table.
   *
   * @return a fresh array of {@code 2^bits()} entries, entry {@code c} being {@code decode(c)}
   */
  default float[] decodeTable() {
    float[] table = new float[1 << bits()];
    for (int code = 0; code < table.length; code++) {
      table[code] = decode(code);
    }
    return table;
  }
}
