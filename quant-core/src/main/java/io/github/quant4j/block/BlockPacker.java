// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/**
 * Puts blocks together from codes and scales, the inverse of {@link CodedBlocks}. Implementations
 * are stateless and thread-safe.
 */
@FunctionalInterface
public interface BlockPacker {

  /**
   * Writes a block.
   *
   * @param codes a code for each weight of the block, in their order, each within the format's
   *     levels
   * @param scales a scale for each run, rounded to what the format can say
   * @param offsets an offset for each run, rounded as well; passed over without offsets
   * @param target receives the block; must be zero there before
   * @param at position of the block
   * @throws IndexOutOfBoundsException if an array is too short
   */
  void pack(byte[] codes, float[] scales, float[] offsets, byte[] target, int at);
}
