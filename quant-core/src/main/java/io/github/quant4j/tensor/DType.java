// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.tensor;

import java.util.Optional;

/**
 * The element types of stored tensors, with the names and the order that the safetensors format
 * gives them.
 *
 * <p>Sub-byte types are stored densely, lowest bits first. The byte order is little-endian
 * everywhere.
 */
public enum DType {
  /** One byte per element, zero is false. */
  BOOL(8, "BOOL"),
  /** OCP FP4 (E2M1), two elements per byte. */
  F4(4, "F4"),
  /** OCP FP6 E2M3, four elements in three bytes. */
  F6_E2M3(6, "F6_E2M3"),
  /** OCP FP6 E3M2, four elements in three bytes. */
  F6_E3M2(6, "F6_E3M2"),
  /** Unsigned byte. */
  U8(8, "U8"),
  /** Two's complement byte. */
  I8(8, "I8"),
  /** OCP FP8 E5M2, with infinities and NaN. */
  F8_E5M2(8, "F8_E5M2"),
  /** OCP FP8 E4M3, without infinities. */
  F8_E4M3(8, "F8_E4M3"),
  /** OCP E8M0 scale: a bare exponent. */
  F8_E8M0(8, "F8_E8M0"),
  /** FP8 E4M3 without negative zero or infinities, bias 8. */
  F8_E4M3FNUZ(8, "F8_E4M3FNUZ"),
  /** FP8 E5M2 without negative zero or infinities, bias 16. */
  F8_E5M2FNUZ(8, "F8_E5M2FNUZ"),
  /** Two's complement 16-bit integer. */
  I16(16, "I16"),
  /** Unsigned 16-bit integer. */
  U16(16, "U16"),
  /** IEEE 754 binary16. */
  F16(16, "F16"),
  /** The upper half of an IEEE 754 binary32. */
  BF16(16, "BF16"),
  /** Two's complement 32-bit integer. */
  I32(32, "I32"),
  /** Unsigned 32-bit integer. */
  U32(32, "U32"),
  /** IEEE 754 binary32. */
  F32(32, "F32"),
  /** Two binary32 values, real part first. */
  C64(64, "C64"),
  /** IEEE 754 binary64. */
  F64(64, "F64"),
  /** Two's complement 64-bit integer. */
  I64(64, "I64"),
  /** Unsigned 64-bit integer. */
  U64(64, "U64");

  private static final DType[] ALL = values();

  private final int bits;
  private final String label;

  DType(int bits, String label) {
    this.bits = bits;
    this.label = label;
  }

  /**
   * The bits of one element.
   *
   * @return 4, 6, 8, 16, 32 or 64
   */
  public int bits() {
    return bits;
  }

  /**
   * The name in a safetensors header.
   *
   * @return for example {@code "BF16"}
   */
  public String label() {
    return label;
  }

  /**
   * Whether the elements are real floating-point numbers (C64 is not).
   *
   * @return true for F64, F32, F16, BF16 and the FP8, FP6 and FP4 types
   */
  public boolean isFloatingPoint() {
    return switch (this) {
      case F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ -> true;
      case F6_E2M3, F6_E3M2, F4 -> true;
      default -> false;
    };
  }

  /**
   * Bytes that {@code elements} elements occupy, stored densely.
   *
   * @param elements the number of elements, not negative
   * @return the number of bytes
   * @throws ArithmeticException if the number of bits overflows a long or is not a whole number of
   *     bytes
   */
  public long bytes(long elements) {
    long total = Math.multiplyExact(elements, (long) bits);
    if ((total & 7) != 0) {
      throw new ArithmeticException(
          elements + " elements of " + label + " are not a whole number of bytes");
    }
    return total >> 3;
  }

  /**
   * Finds a type by its safetensors name.
   *
   * @param label the name, case-sensitive
   * @return the type, or empty if there is none of that name
   */
  public static Optional<DType> ofLabel(String label) {
    for (DType type : ALL) {
      if (type.label.equals(label)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
