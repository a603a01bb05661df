// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import java.util.Objects;

/**
 * Two's complement integers {@code -2^(bits-1) .. 2^(bits-1) - 1}, stored in offset binary: the
 * code of value {@code v} is {@code v + 2^(bits-1)}.
 *
 * <p>Offset binary is what the compressed-tensors format stores, and it makes the codes ascending.
 * Whether a grid is symmetric or has a zero point is a matter of the scheme, not of the format: the
 * unsigned form {@code 0 .. 2^bits - 1} with zero point {@code z} is the same grid as the signed
 * one with zero point {@code z - 2^(bits-1)}.
 *
 * @param bits from 1 to 8
 */
public record IntegerFormat(int bits) implements NumberFormat {

  /**
   * Checks the width.
   *
   * @throws IllegalArgumentException if {@code bits} is not from 1 to 8
   */
  public IntegerFormat {
    if (bits < 1 || bits > 8) {
      throw new IllegalArgumentException("bits: " + bits + ", expected 1 to 8");
    }
  }

  @Override
  public String name() {
    return "int" + bits;
  }

  /**
   * What is added to a value to get its code.
   *
   * @return {@code 2^(bits-1)}
   */
  public int offset() {
    return 1 << (bits - 1);
  }

  @Override
  public float decode(int code) {
    return Objects.checkIndex(code, 1 << bits) - offset();
  }

  @Override
  public int encode(float value) {
    // A cast turns NaN into 0, so NaN is sent to the largest level explicitly.
    int rounded = Float.isNaN(value) ? offset() : (int) Math.rint(value);
    return Math.clamp(rounded, -offset(), offset() - 1) + offset();
  }

  @Override
  public float below(float value) {
    return Math.clamp((float) Math.floor(value), minimum(), maximum());
  }

  @Override
  public float above(float value) {
    return Math.clamp((float) Math.ceil(value), minimum(), maximum());
  }

  @Override
  public float[] levels() {
    return decodeTable();
  }

  @Override
  public float minimum() {
    return -offset();
  }

  @Override
  public float maximum() {
    return offset() - 1;
  }

  /** The {@link #name()}. */
  @Override
  public String toString() {
    return name();
  }
}
