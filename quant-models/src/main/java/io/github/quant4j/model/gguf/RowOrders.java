// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import org.jspecify.annotations.Nullable;

/** Orders of rows: for each row of a model's tensor the row of the file's. */
final class RowOrders {
  private RowOrders() {}

  /**
   * Channels that are turned in halves here and in neighbours there.
   *
   * @param heads heads, one after the other
   * @param width channels of a head
   * @param from the first channel that is turned
   * @param turned how many
   */
  static int[] paired(int heads, int width, int from, int turned) {
    int[] order = new int[heads * width];
    for (int h = 0; h < heads; h++) {
      for (int c = 0; c < width; c++) {
        int at = c - from;
        int there = at < 0 || at >= turned ? c : from + 2 * (at % (turned / 2)) + at / (turned / 2);
        order[h * width + c] = h * width + there;
      }
    }
    return order;
  }

  /** The other way round. */
  static int[] inverse(int[] order) {
    int[] inverse = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      inverse[order[i]] = i;
    }
    return inverse;
  }

  /** Queries, key and value of each key head side by side here, in three parts there. */
  static int[] groups(int heads, int keyHeads, int width) {
    int shared = heads / keyHeads;
    int[] order = new int[(heads + 2 * keyHeads) * width];
    int at = 0;
    for (int k = 0; k < keyHeads; k++) {
      for (int q = 0; q < shared; q++) {
        for (int c = 0; c < width; c++) {
          order[at++] = (k * shared + q) * width + c;
        }
      }
      for (int part = 0; part < 2; part++) {
        for (int c = 0; c < width; c++) {
          order[at++] = (heads + part * keyHeads + k) * width + c;
        }
      }
    }
    return order;
  }

  /** Rows of two halves in turn here, the halves one after the other there. */
  static int[] interleaved(int half) {
    int[] order = new int[2 * half];
    for (int i = 0; i < half; i++) {
      order[2 * i] = i;
      order[2 * i + 1] = half + i;
    }
    return order;
  }

  /** First one order, then another. */
  static int @Nullable [] then(int @Nullable [] first, int @Nullable [] second) {
    if (first == null) {
      return second;
    }
    if (second == null) {
      return first;
    }
    int[] order = new int[first.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = second[first[i]];
    }
    return order;
  }

  /** An order within a range of rows, the others staying. */
  static int[] within(int rows, int from, int[] inner) {
    int[] order = new int[rows];
    for (int i = 0; i < rows; i++) {
      int at = i - from;
      order[i] = at >= 0 && at < inner.length ? from + inner[at] : i;
    }
    return order;
  }
}
