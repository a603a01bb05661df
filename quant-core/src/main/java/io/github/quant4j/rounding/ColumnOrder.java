// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** The order in which input columns are rounded. */
final class ColumnOrder {
  private ColumnOrder() {}

  static int[] natural(int size) {
    int[] order = new int[size];
    Arrays.setAll(order, i -> i);
    return order;
  }

  /** Largest diagonal first (act-order); equal ones in their natural order. */
  static int[] descending(float[] diagonal) {
    return IntStream.range(0, diagonal.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer j) -> -diagonal[j]))
        .mapToInt(j -> j)
        .toArray();
  }
}
