// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.parallel.ScratchPool;

/**
 * A few tokens that are multiplied together, quantized and in the form that a family of kernels
 * reads. The arrays are borrowed and hold arbitrary values beyond what is described; those with
 * values for each segment belong to the whole batch, and this tile's begin at {@link #offset}.
 */
final class Tile {
  private static final int[] NO_INTS = {};
  private static final float[] NO_FLOATS = {};
  private static final short[] NO_SHORTS = {};
  private static final byte[] NO_BYTES = {};

  /** Position of the first token in its batch. */
  int firstToken;

  /** How many tokens, at most {@link SegmentSums#MOST_TOKENS}. */
  int tokens;

  /** Where this tile begins in the arrays of the batch. */
  int offset;

  /** Activation scales, {@code [tokens][segments]} from the offset. */
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
  short[] tables = NO_SHORTS;

  /** A family's own. */
  byte[] byteTables = NO_BYTES;

  /** The values themselves, as long as operands are made of them. */
  int[] values = NO_INTS;

  /** Where the plan of passes lies in the operands, for the families that have one. */
  int planAt;

  /** Takes a part of the arrays of a batch. */
  void bind(
      int segments, float[] batchScales, int[] batchSums, int[] batchZeros, int[] batchStarts) {
    offset = firstToken * segments;
    scales = batchScales;
    valueSums = batchSums;
    zeros = batchZeros;
    starts = batchStarts;
  }

  /** Lets go of the batch and gives back what is the tile's own. */
  void release(ScratchPool scratch) {
    scales = NO_FLOATS;
    valueSums = NO_INTS;
    zeros = NO_INTS;
    starts = NO_INTS;
    if (values.length > 0) {
      scratch.release(values);
      values = NO_INTS;
    }
    if (operands.length > 0) {
      scratch.release(operands);
      operands = NO_INTS;
    }
    if (tables.length > 0) {
      scratch.release(tables);
      tables = NO_SHORTS;
    }
    if (byteTables.length > 0) {
      scratch.release(byteTables);
      byteTables = NO_BYTES;
    }
  }
}
