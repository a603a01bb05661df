// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What the layers within blocks may take at most. At least one limit is set.
 *
 * @param bits of all layers together, with scales and all
 * @param bitOperations of one token in all layers
 */
public record Budget(OptionalLong bits, OptionalDouble bitOperations) {

  /**
   * Checks the limits.
   *
   * @throws IllegalArgumentException if there is none, or one is not positive
   */
  public Budget {
    if ((bits.isEmpty() && bitOperations.isEmpty())
        || bits.orElse(1) < 1
        || !(bitOperations.orElse(1) > 0)) {
      throw new IllegalArgumentException(
          "budget: "
              + bits
              + " bits, "
              + bitOperations
              + " bit operations, expected at least one limit, above 0");
    }
  }

  /**
   * A limit of size.
   *
   * @param bits of all layers together
   * @return the budget
   * @throws IllegalArgumentException if it is not positive
   */
  public static Budget ofBits(long bits) {
    return new Budget(OptionalLong.of(bits), OptionalDouble.empty());
  }

  /**
   * A limit of the mean width.
   *
   * @param bits by weight
   * @param weights of all layers together
   * @return the budget
   * @throws IllegalArgumentException if it is not positive
   */
  public static Budget ofBitsPerWeight(double bits, long weights) {
    return ofBits((long) Math.floor(bits * (double) weights));
  }

  /**
   * A limit of work.
   *
   * @param operations bit operations of one token
   * @return the budget
   * @throws IllegalArgumentException if it is not positive
   */
  public static Budget ofBitOperations(double operations) {
    return new Budget(OptionalLong.empty(), OptionalDouble.of(operations));
  }

  /**
   * Both limits at once.
   *
   * @param operations bit operations of one token
   * @return the budget with this limit too
   * @throws IllegalArgumentException if it is not positive
   */
  public Budget withBitOperations(double operations) {
    return new Budget(bits, OptionalDouble.of(operations));
  }
}
