// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * Weights {@code [out, in]} that are integers with a scale and a zero point for each output and
 * group of inputs: {@code w = scale (code - zero)}, with codes and zero points from 0 to {@code
 * 2^bits - 1}. Which group an input belongs to is free, so that groups may be those of inputs in
 * another order.
 *
 * <p>Instances share their arrays, which are not to be changed.
 *
 * @param rows outputs
 * @param columns inputs
 * @param bits of a code, 1 to 8
 * @param codes one in a byte, row-major
 * @param groupSize inputs of a group; all inputs if there is one group
 * @param groups the group of each input
 * @param scales {@code [out, groups]}
 * @param zeros {@code [out, groups]}
 */
public record IntegerWeights(
    int rows,
    int columns,
    int bits,
    byte[] codes,
    int groupSize,
    int[] groups,
    float[] scales,
    int[] zeros) {

  /** Checks the sizes. */
  public IntegerWeights {
    int count = Math.multiplyExact(rows, Math.ceilDiv(columns, groupSize));
    if (codes.length != Math.multiplyExact(rows, columns)
        || groups.length != columns
        || scales.length != count
        || zeros.length != count) {
      throw new IllegalArgumentException(
          "integer weights ["
              + rows
              + ", "
              + columns
              + "] in groups of "
              + groupSize
              + ": "
              + codes.length
              + " codes, "
              + groups.length
              + " inputs, "
              + scales.length
              + " scales, "
              + zeros.length
              + " zero points");
    }
  }

  /**
   * The groups of inputs in their own order.
   *
   * @param columns inputs
   * @param groupSize inputs of a group
   * @return the group of each input
   */
  public static int[] inOrder(int columns, int groupSize) {
    int[] groups = new int[columns];
    for (int i = 0; i < columns; i++) {
      groups[i] = i / groupSize;
    }
    return groups;
  }

  /**
   * The groups.
   *
   * @return their number
   */
  public int groupCount() {
    return Math.ceilDiv(columns, groupSize);
  }

  /**
   * Whether every group is a run of consecutive inputs, the first group first.
   *
   * @return false if inputs of a group lie apart
   */
  public boolean isInOrder() {
    for (int i = 0; i < columns; i++) {
      if (groups[i] != i / groupSize) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether there is no need for zero points.
   *
   * @return whether all of them are in the middle of the codes
   */
  public boolean isSymmetric() {
    for (int zero : zeros) {
      if (zero != 1 << (bits - 1)) {
        return false;
      }
    }
    return true;
  }

  /**
   * A weight.
   *
   * @param row output
   * @param column input
   * @return its value
   */
  public float get(int row, int column) {
    int group = row * groupCount() + groups[column];
    return ((codes[row * columns + column] & 0xff) - zeros[group]) * scales[group];
  }

  /**
   * All weights.
   *
   * @return {@code [out, in]}
   */
  public FloatMatrix toDense() {
    FloatMatrix dense = FloatMatrix.zeros(rows, columns);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        dense.data()[row * columns + column] = get(row, column);
      }
    }
    return dense;
  }

  /**
   * The same weights with wider codes.
   *
   * @param width bits of a code, at least as many
   * @return the same if the width is
   */
  public IntegerWeights widened(int width) {
    if (width < bits || width > 8) {
      throw new IllegalArgumentException(
          "width: " + width + " bits, expected " + bits + " to 8 bits");
    }
    if (width == bits) {
      return this;
    }
    int shift = (1 << (width - 1)) - (1 << (bits - 1));
    byte[] wide = new byte[codes.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = (byte) ((codes[i] & 0xff) + shift);
    }
    int[] wideZeros = new int[zeros.length];
    for (int i = 0; i < zeros.length; i++) {
      wideZeros[i] = zeros[i] + shift;
    }
    return new IntegerWeights(rows, columns, width, wide, groupSize, groups, scales, wideZeros);
  }

  /**
   * The same weights in smaller groups, which repeat the scales.
   *
   * @param size a divisor of the inputs of a group
   * @return the same if that is their number
   */
  public IntegerWeights split(int size) {
    if (size == groupSize) {
      return this;
    }
    if (size < 1 || groupSize % size != 0 || columns % size != 0 || !isInOrder()) {
      throw new IllegalArgumentException(
          "size: " + size + ", expected a divisor of consecutive groups of " + groupSize);
    }
    int before = groupCount();
    int after = columns / size;
    float[] repeated = new float[rows * after];
    int[] repeatedZeros = new int[rows * after];
    for (int i = 0; i < repeated.length; i++) {
      int from = i / after * before + i % after * size / groupSize;
      repeated[i] = scales[from];
      repeatedZeros[i] = zeros[from];
    }
    return new IntegerWeights(
        rows, columns, bits, codes, size, inOrder(columns, size), repeated, repeatedZeros);
  }

  /**
   * The same weights with other scales.
   *
   * @param changed {@code [out, groups]}
   * @return the changed weights
   */
  public IntegerWeights withScales(float[] changed) {
    return new IntegerWeights(rows, columns, bits, codes, groupSize, groups, changed, zeros);
  }

  /** Bits and groups, for example {@code 4 bits in groups of 32}. */
  @Override
  public String toString() {
    return bits
        + (groupCount() == 1 ? " bits by output" : " bits in groups of " + groupSize)
        + (isInOrder() ? "" : " in an order of their own");
  }
}
