// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;

/**
 * What one factor of a multiplication looks like to hardware.
 *
 * @param bits the width that counts: of the codes, or the effective width with scales and indices
 * @param significandBits the width of what the multiplier multiplies: {@code m + 1} for a float of
 *     {@code m} mantissa bits, all bits for an integer in two's complement
 * @param exponentBits the width of the exponent; 0 for an integer
 */
public record Operand(double bits, int significandBits, int exponentBits) {
  /** What is not quantized: binary16. */
  public static final Operand FULL = of(DType.F16);

  /**
   * Checks the widths.
   *
   * @throws IllegalArgumentException if the width or the significand is not positive, or the
   *     exponent negative
   */
  public Operand {
    if (!(bits > 0 && bits <= Float.MAX_VALUE) || significandBits < 1 || exponentBits < 0) {
      throw new IllegalArgumentException(
          "operand: "
              + bits
              + " bits, "
              + significandBits
              + " of significand and "
              + exponentBits
              + " of exponent, expected a positive width and significand");
    }
  }

  /**
   * An integer.
   *
   * @param bits its width
   * @return the operand
   * @throws IllegalArgumentException if the width is not positive
   */
  public static Operand integer(int bits) {
    return new Operand(bits, bits, 0);
  }

  /**
   * A float.
   *
   * @param exponentBits the width of its exponent
   * @param mantissaBits the width of its mantissa, without the leading one
   * @return the operand, a bit wider than both for its sign
   * @throws IllegalArgumentException if a width is negative
   */
  public static Operand floating(int exponentBits, int mantissaBits) {
    return new Operand(1.0 + exponentBits + mantissaBits, mantissaBits + 1, exponentBits);
  }

  /**
   * A quantized number. The levels of a codebook are looked up and multiplied as binary16, so that
   * only the width is that of the codes.
   *
   * @param format its format
   * @return the operand, at the width of the codes
   */
  public static Operand of(NumberFormat format) {
    return switch (format) {
      case IntegerFormat integer -> integer(integer.bits());
      case MiniFloat mini -> floating(mini.exponentBits(), mini.mantissaBits());
      case Codebook codebook -> floating(5, 10).withBits(codebook.bits());
    };
  }

  /**
   * A stored number.
   *
   * @param type its type
   * @return the operand; anything but a 16-bit float, a 32-bit float or an OCP format counts as an
   *     integer
   */
  public static Operand of(DType type) {
    return switch (type) {
      case F16 -> floating(5, 10);
      case BF16 -> floating(8, 7);
      case F32 -> floating(8, 23);
      case F64 -> floating(11, 52);
      case F4 -> floating(2, 1);
      case F6_E2M3 -> floating(2, 3);
      case F6_E3M2 -> floating(3, 2);
      case F8_E4M3, F8_E4M3FNUZ -> floating(4, 3);
      case F8_E5M2, F8_E5M2FNUZ -> floating(5, 2);
      default -> integer(type.bits());
    };
  }

  /**
   * The same number at another width.
   *
   * @param effective for example with its share of the scales
   * @return the changed operand
   * @throws IllegalArgumentException if the width is not positive
   */
  public Operand withBits(double effective) {
    return new Operand(effective, significandBits, exponentBits);
  }

  /**
   * The width of the mantissa.
   *
   * @return that of the significand without the leading one
   */
  public int mantissaBits() {
    return significandBits - 1;
  }
}
