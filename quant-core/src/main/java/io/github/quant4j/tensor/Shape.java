// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The dimensions of a tensor, outermost first. Rank 0 is a scalar; a dimension may be zero.
 *
 * <p>Instances are immutable and compare by value.
 */
public final class Shape {
  private final long[] dimensions;
  private final long elementCount;

  private Shape(long[] dimensions) {
    long count = 1;
    for (int i = 0; i < dimensions.length; i++) {
      if (dimensions[i] < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dimensions) + ": dimension " + i + " is negative");
      }
      try {
        count = Math.multiplyExact(count, dimensions[i]);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dimensions) + ": the element count overflows 64 bits", e);
      }
    }
    this.dimensions = dimensions;
    this.elementCount = count;
  }

  /**
   * Makes a shape.
   *
   * @param dimensions the dimensions, outermost first; none for a scalar
   * @return the shape
   * @throws IllegalArgumentException if a dimension is negative or the element count overflows
   */
  public static Shape of(long... dimensions) {
    return new Shape(dimensions.clone());
  }

  /**
   * The number of dimensions.
   *
   * @return 0 for a scalar
   */
  public int rank() {
    return dimensions.length;
  }

  /**
   * One dimension.
   *
   * @param axis from 0 (outermost) to {@code rank() - 1}
   * @return its extent
   * @throws IndexOutOfBoundsException if there is no such axis
   */
  public long dimension(int axis) {
    return dimensions[axis];
  }

  /**
   * All dimensions.
   *
   * @return a copy, outermost first
   */
  public long[] dimensions() {
    return dimensions.clone();
  }

  /**
   * The product of the dimensions.
   *
   * @return the number of elements; 1 for a scalar
   */
  public long elementCount() {
    return elementCount;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dimensions);
  }

  /** The dimensions in brackets, for example {@code [4096, 11008]}. */
  @Override
  public String toString() {
    return Arrays.stream(dimensions)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
