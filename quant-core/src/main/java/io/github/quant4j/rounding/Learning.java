// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

/** Checks of what learned roundings are given. */
final class Learning {
  private Learning() {}

  static void require(String name, int iterations, double rate) {
    if (iterations < 1 || iterations > 1_000_000) {
      throw new IllegalArgumentException(
          name + ": " + iterations + " iterations, expected 1 to 1000000");
    }
    if (!(rate > 0) || rate > 1) {
      throw new IllegalArgumentException(name + ": rate " + rate + ", expected above 0, to 1");
    }
  }
}
