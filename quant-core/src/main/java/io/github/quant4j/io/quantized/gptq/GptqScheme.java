// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.gptq;

/**
 * How a module is quantized.
 *
 * @param bits of a code: 2, 3, 4 or 8
 * @param groupSize inputs that share a scale, or -1 for all
 * @param symmetric whether all zero points are {@code 2^(bits-1)}
 * @param convention what the config says of zero points
 */
public record GptqScheme(
    int bits, int groupSize, boolean symmetric, ZeroPointConvention convention) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if the bits or the group size are others
   */
  public GptqScheme {
    if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
      throw new IllegalArgumentException(
          "'bits': " + bits + ", expected 2, 3, 4 or 8; other widths are not stored portably");
    }
    if (groupSize < 1 && groupSize != -1) {
      throw new IllegalArgumentException(
          "'group_size': " + groupSize + ", expected a positive size, or -1 for all inputs");
    }
  }

  /**
   * The inputs of a group.
   *
   * @param columns all inputs
   * @return from 1 to all
   */
  int groupSize(int columns) {
    return groupSize == -1 ? columns : Math.min(groupSize, columns);
  }
}
