// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

/** Checks of permutations. */
final class Permutations {
  private Permutations() {}

  static void require(int[] order, int size) {
    if (order.length != size) {
      throw new IllegalArgumentException("order: " + order.length + " values, expected " + size);
    }
    boolean[] seen = new boolean[size];
    for (int index : order) {
      if (index < 0 || index >= size || seen[index]) {
        throw new IllegalArgumentException(
            "order: " + index + " is out of range or stands twice, expected a permutation");
      }
      seen[index] = true;
    }
  }
}
