// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.parallel.ScratchPool;

/**
 * A few tokens that are multiplied together, quantized and in the form that a family of kernels
 * reads. The arrays are borrowed and hold arbitrary values beyond what is described.
 */
final class Tile {
  private static final int[] NO_INTS = {};
  private static final float[] NO_FLOATS = {};
  private static final short[] NO_SHORTS = {};

  /** Position of the first token in its batch. */
  int firstToken;

  /** How many tokens, at most {@link SegmentSums#MOST_TOKENS}. */
  int tokens;

  /** Activation scales, {@code [tokens][segments]}. */
  float[] scales = NO_FLOATS;

  /** Sums of the values of a segment less their zero points, {@code [tokens][segments]}. */
  int[] valueSums = NO_INTS;

  /** Zero points, {@code [tokens][segments]}; only read if the scheme is asymmetric. */
  int[] zeros = NO_INTS;

  /**
   * What the sums are before any product, for all rows alike, {@code [segments][tokens]}: a family
   * puts the negated biases here that keep its partial sums positive.
   */
  int[] starts = NO_INTS;

  /** A family's own. */
  int[] operands = NO_INTS;

  /** A family's own. */
  int[] plan = NO_INTS;

  /** A family's own. */
  short[] tables = NO_SHORTS;

  void borrow(int segments, ScratchPool scratch) {
    scales = scratch.floats(tokens * segments);
    valueSums = scratch.ints(tokens * segments);
    zeros = scratch.ints(tokens * segments);
    starts = scratch.ints(tokens * segments);
  }

  void release(ScratchPool scratch) {
    if (scales.length == 0) {
      return;
    }
    scratch.release(scales);
    scratch.release(valueSums);
    scratch.release(zeros);
    scratch.release(starts);
    scales = NO_FLOATS;
    valueSums = NO_INTS;
    zeros = NO_INTS;
    starts = NO_INTS;
    if (operands.length > 0) {
      scratch.release(operands);
      operands = NO_INTS;
    }
    if (plan.length > 0) {
      scratch.release(plan);
      plan = NO_INTS;
    }
    if (tables.length > 0) {
      scratch.release(tables);
      tables = NO_SHORTS;
    }
  }
}
