// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.lang.foreign.MemorySegment;

/** Turns blocks of one type into weights. Implementations are stateless and thread-safe. */
public interface BlockDecoder {

  /**
   * Decodes one block, with exactly the operations in binary32 of ggml's {@code dequantize_row_*}.
   * Scales that are not finite give weights that are not finite.
   *
   * @param blocks memory with the block
   * @param offset where the block begins, in bytes; not necessarily aligned
   * @param target receives the weights of the block, in their order
   * @param at position of the first one
   * @throws IndexOutOfBoundsException if the block or its weights do not lie within
   */
  void decode(MemorySegment blocks, long offset, float[] target, int at);
}
