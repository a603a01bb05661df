// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of the lanes of many stored vectors at once.
 *
 * <p>Two vectors become one whose halves hold the half sums of either; as many such steps as there
 * are bits in a lane's number leave a vector of whole sums. That takes four operations for a sum,
 * where adding lane to lane takes 15 for 512 bits. The additions are those of {@link Lanes#sum}, in
 * its order, so the results are the same to the last bit.
 */
final class LaneSums {
  /** Vectors that are summed at once. */
  static final int VECTORS = 16;

  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final int LANES = Lanes.FLOATS;

  // Constants, one for each step: the compiler does not see through an array of them.
  private static final VectorMask<Float> UPPER_8 = upper(8);
  private static final VectorMask<Float> UPPER_4 = upper(4);
  private static final VectorMask<Float> UPPER_2 = upper(2);
  private static final VectorMask<Float> UPPER_1 = upper(1);
  private static final VectorShuffle<Float> SWAP_8 = swap(8);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_1 = swap(1);

  private LaneSums() {}

  private static VectorMask<Float> upper(int distance) {
    boolean[] lanes = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = (i & distance) != 0;
    }
    return VectorMask.fromArray(F, lanes, 0);
  }

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(F, i -> (i ^ distance) & LANES - 1);
  }

  /**
   * Sums the lanes of {@link #VECTORS} vectors.
   *
   * @param stored the vectors, one after the other; overwritten, and starts with the sums
   */
  static void sum(float[] stored) {
    if (LANES == 4) {
      // Three additions for a sum are no more than the steps.
      for (int i = 0; i < VECTORS; i++) {
        stored[i] = Lanes.sum(stored, i * LANES);
      }
      return;
    }
    for (int at = 0, to = 0; at < VECTORS * LANES; at += LANES * LANES, to += LANES) {
      if (LANES == 16) {
        halve8(stored, at);
      }
      halve4(stored, at);
      halve2(stored, at);
      last(stored, at, to);
    }
  }

  private static void halve8(float[] stored, int at) {
    for (int i = at; i < at + 8 * LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(F, stored, i);
      FloatVector b = FloatVector.fromArray(F, stored, i + 8 * LANES);
      a.blend(b, UPPER_8).add(b.blend(a, UPPER_8).rearrange(SWAP_8)).intoArray(stored, i);
    }
  }

  private static void halve4(float[] stored, int at) {
    for (int i = at; i < at + 4 * LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(F, stored, i);
      FloatVector b = FloatVector.fromArray(F, stored, i + 4 * LANES);
      a.blend(b, UPPER_4).add(b.blend(a, UPPER_4).rearrange(SWAP_4)).intoArray(stored, i);
    }
  }

  private static void halve2(float[] stored, int at) {
    for (int i = at; i < at + 2 * LANES; i += LANES) {
      FloatVector a = FloatVector.fromArray(F, stored, i);
      FloatVector b = FloatVector.fromArray(F, stored, i + 2 * LANES);
      a.blend(b, UPPER_2).add(b.blend(a, UPPER_2).rearrange(SWAP_2)).intoArray(stored, i);
    }
  }

  private static void last(float[] stored, int at, int to) {
    FloatVector a = FloatVector.fromArray(F, stored, at);
    FloatVector b = FloatVector.fromArray(F, stored, at + LANES);
    a.blend(b, UPPER_1).add(b.blend(a, UPPER_1).rearrange(SWAP_1)).intoArray(stored, to);
  }
}
