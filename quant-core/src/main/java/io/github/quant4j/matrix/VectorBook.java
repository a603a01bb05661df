// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.tensor.DType;

/**
 * A book of {@code 2^bits} vectors, which codes of {@code bits} bits choose from. Elements are
 * binary16. Immutable and thread-safe.
 */
public final class VectorBook {
  /** The longest vectors. */
  public static final int MOST_LENGTH = 16;

  private static final float LARGEST = 65504;

  private final int length;
  private final int bits;

  /** Row-major {@code [2^bits, length]}. */
  final float[] values;

  private VectorBook(int length, int bits, float[] values) {
    long expected = elements(length, bits);
    if (values.length != expected) {
      throw new IllegalArgumentException(
          "book: "
              + values.length
              + " numbers, expected "
              + expected
              + " for vectors of "
              + length
              + " and codes of "
              + bits
              + " bits");
    }
    for (float value : values) {
      if (!Float.isFinite(value) || FloatStorage.round(value, DType.F16) != value) {
        throw new IllegalArgumentException(
            "book: " + value + ", expected finite numbers of binary16");
      }
    }
    this.length = length;
    this.bits = bits;
    this.values = values;
  }

  private static long elements(int length, int bits) {
    if (length < 1 || length > MOST_LENGTH) {
      throw new IllegalArgumentException("length: " + length + ", expected 1 to " + MOST_LENGTH);
    }
    if (bits < 1 || bits > VectorCodes.MOST_BITS) {
      throw new IllegalArgumentException(
          "bits: " + bits + ", expected 1 to " + VectorCodes.MOST_BITS);
    }
    return (long) length << bits;
  }

  /**
   * A book of given vectors.
   *
   * @param length of a vector, 1 to {@value #MOST_LENGTH}
   * @param bits of a code, 1 to 16
   * @param values finite numbers of binary16, row-major {@code [2^bits, length]}; copied
   * @return the book
   * @throws IllegalArgumentException if a number is out of range, or there are not as many
   */
  public static VectorBook of(int length, int bits, float[] values) {
    return new VectorBook(length, bits, values.clone());
  }

  /**
   * A book of the nearest numbers of binary16.
   *
   * @param length of a vector, 1 to {@value #MOST_LENGTH}
   * @param bits of a code, 1 to 16
   * @param values finite, row-major {@code [2^bits, length]}; not changed
   * @return the book
   * @throws IllegalArgumentException if a number is not finite, or there are not as many
   */
  public static VectorBook rounded(int length, int bits, float[] values) {
    float[] stored = new float[values.length];
    for (int i = 0; i < stored.length; i++) {
      stored[i] = FloatStorage.round(Math.clamp(values[i], -LARGEST, LARGEST), DType.F16);
    }
    return new VectorBook(length, bits, stored);
  }

  /**
   * The elements of a vector.
   *
   * @return 1 to {@value #MOST_LENGTH}
   */
  public int length() {
    return length;
  }

  /**
   * The bits of a code.
   *
   * @return 1 to 16
   */
  public int bits() {
    return bits;
  }

  /**
   * The vectors.
   *
   * @return a copy, row-major {@code [2^bits, length]}
   */
  public float[] values() {
    return values.clone();
  }

  /**
   * The size of a book.
   *
   * @param length of a vector, 1 to {@value #MOST_LENGTH}
   * @param bits of a code, 1 to 16
   * @return bits
   * @throws IllegalArgumentException if a number is out of range
   */
  public static long storageBits(int length, int bits) {
    return elements(length, bits) * Short.SIZE;
  }
}
