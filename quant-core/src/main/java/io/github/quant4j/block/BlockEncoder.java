// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Turns rows of weights into blocks of one type. Implementations are stateless and thread-safe.
 *
 * <p>Without importance the blocks are those of ggml's {@code quantize_row_*_ref}, of IQ4_NL those
 * of {@code quantize_iq4_nl}, which files are written with; with importance they are those of
 * {@code quantize_*}. All arithmetic is in binary32, in ggml's order and without fused operations,
 * so that codes and scales are the same bits. Q8_0, Q1_0, Q2_0, MXFP4, NVFP4 and the ternary types
 * pass over importance, as there.
 */
public interface BlockEncoder {

  /**
   * Encodes a row.
   *
   * @param weights array with the row; all finite, otherwise what is written has no meaning
   * @param from position of the first weight
   * @param count weights of the row, a multiple of the block's size
   * @param importance how much the square of each weight's error counts, for example the mean
   *     square of its input, finite and not negative; or null
   * @param importanceFrom position of the first weight's importance
   * @param target receives the blocks
   * @param offset where the first block begins, in bytes
   * @throws IllegalArgumentException if the row is not a whole number of blocks
   * @throws IndexOutOfBoundsException if an array or the target is too short
   */
  void encode(
      float[] weights,
      int from,
      int count,
      float @Nullable [] importance,
      int importanceFrom,
      MemorySegment target,
      long offset);
}
