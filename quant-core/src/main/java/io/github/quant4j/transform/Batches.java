// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import java.util.Objects;

/** Checks of the arrays that a transform reads and writes. */
final class Batches {
  private Batches() {}

  static void check(int size, float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    int count = Math.multiplyExact(tokens, size);
    Objects.checkFromIndexSize(xOffset, count, x.length);
    Objects.checkFromIndexSize(yOffset, count, y.length);
  }
}
