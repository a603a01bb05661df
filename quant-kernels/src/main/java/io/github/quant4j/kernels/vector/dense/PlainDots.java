// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.util.Arrays;

/**
 * The dot products of {@link DotTile} without vectors: each lane is a sum of its own, and what is
 * added to what is the same, so results are equal to the last bit.
 */
final class PlainDots {
  private static final int LANES = Lanes.FLOATS;

  /** Scratch floats that a dot product needs. */
  static final int SCRATCH = 2 * LANES;

  private PlainDots() {}

  /** As a row of {@link DotTile#rows4}, with two sums to a lane. */
  static float one(int length, float[] w, int wAt, float[] x, int xAt, float[] lanes) {
    Arrays.fill(lanes, 0, SCRATCH, 0f);
    int pairs = length - length % SCRATCH;
    for (int k = 0; k < pairs; k += SCRATCH) {
      add(SCRATCH, w, wAt + k, x, xAt + k, lanes);
    }
    int whole = length - length % LANES;
    if (pairs < whole) {
      add(LANES, w, wAt + pairs, x, xAt + pairs, lanes);
    }
    for (int i = 0; i < LANES; i++) {
      lanes[i] += lanes[LANES + i];
    }
    return rest(length, whole, w, wAt, x, xAt, Lanes.sum(lanes, 0));
  }

  /** As a row and a token of {@link DotTile#rows4Tokens4}, with one sum to a lane. */
  static float ofMany(int length, float[] w, int wAt, float[] x, int xAt, float[] lanes) {
    Arrays.fill(lanes, 0, LANES, 0f);
    int whole = length - length % LANES;
    for (int k = 0; k < whole; k += LANES) {
      add(LANES, w, wAt + k, x, xAt + k, lanes);
    }
    return rest(length, whole, w, wAt, x, xAt, Lanes.sum(lanes, 0));
  }

  private static void add(int count, float[] w, int wAt, float[] x, int xAt, float[] lanes) {
    for (int i = 0; i < count; i++) {
      lanes[i] = Lanes.multiplyAdd(w[wAt + i], x[xAt + i], lanes[i]);
    }
  }

  private static float rest(
      int length, int from, float[] w, int wAt, float[] x, int xAt, float sum) {
    float total = sum;
    for (int k = from; k < length; k++) {
      total = Lanes.multiplyAdd(w[wAt + k], x[xAt + k], total);
    }
    return total;
  }
}
