// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import java.util.Optional;

/** The types of metadata values, with the numbers that files have for them. */
public enum GgufValueType {
  /** Unsigned byte. */
  UINT8(0, 1),
  /** Two's complement byte. */
  INT8(1, 1),
  /** Unsigned 16-bit integer. */
  UINT16(2, 2),
  /** Two's complement 16-bit integer. */
  INT16(3, 2),
  /** Unsigned 32-bit integer. */
  UINT32(4, 4),
  /** Two's complement 32-bit integer. */
  INT32(5, 4),
  /** IEEE 754 binary32. */
  FLOAT32(6, 4),
  /** One byte, 0 or 1. */
  BOOL(7, 1),
  /** A length of 64 bits, and as many bytes of UTF-8. */
  STRING(8, 0),
  /** A type, a count of 64 bits, and as many values of that type. */
  ARRAY(9, 0),
  /** Unsigned 64-bit integer. */
  UINT64(10, 8),
  /** Two's complement 64-bit integer. */
  INT64(11, 8),
  /** IEEE 754 binary64. */
  FLOAT64(12, 8);

  private static final GgufValueType[] ALL = values();

  private final int id;
  private final int bytes;

  GgufValueType(int id, int bytes) {
    this.id = id;
    this.bytes = bytes;
  }

  /**
   * The number that stands for the type in a file.
   *
   * @return 0 to 12
   */
  public int id() {
    return id;
  }

  /**
   * The size of a value.
   *
   * @return bytes; 0 for strings and arrays, whose size varies
   */
  public int bytes() {
    return bytes;
  }

  /**
   * Whether values are whole numbers.
   *
   * @return true for the eight integer types
   */
  public boolean isWhole() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      default -> false;
    };
  }

  /**
   * Whether values are floating-point numbers.
   *
   * @return true for FLOAT32 and FLOAT64
   */
  public boolean isReal() {
    return this == FLOAT32 || this == FLOAT64;
  }

  /**
   * Finds a type by its number.
   *
   * @param id the number in a file
   * @return the type, or empty if there is none of that number
   */
  public static Optional<GgufValueType> ofId(int id) {
    for (GgufValueType type : ALL) {
      if (type.id == id) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
