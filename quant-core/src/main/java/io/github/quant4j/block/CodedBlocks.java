// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Blocks that are codes with scales: weight {@code i} is {@code scale * level(code[i])}, and with
 * offsets {@code scale * level(code[i]) + offset}, where scale and offset are those of its run of
 * neighbours. All operations are in binary32, so that decoding is exactly that of ggml.
 *
 * <p>Immutable and thread-safe.
 */
public final class CodedBlocks implements BlockDecoder {
  private final int blockSize;
  private final int blockBytes;
  private final int run;
  private final boolean offsets;
  private final byte[] levels;
  private final Codes codes;
  private final Scales scales;
  private final @Nullable FactoredScales factored;

  /** How the codes of a block are unpacked. */
  @FunctionalInterface
  interface Codes {
    void unpack(byte[] blocks, int from, byte[] target, int at);
  }

  /** How the scales and offsets of a block are found. */
  @FunctionalInterface
  interface Scales {
    void read(byte[] blocks, int from, float[] scales, float[] offsets, int at);
  }

  private CodedBlocks(
      int blockSize,
      int blockBytes,
      int run,
      boolean offsets,
      byte[] levels,
      Codes codes,
      Scales scales,
      @Nullable FactoredScales factored) {
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.run = run;
    this.offsets = offsets;
    this.levels = levels;
    this.codes = codes;
    this.scales = scales;
    this.factored = factored;
  }

  static CodedBlocks scaled(
      int blockSize, int blockBytes, int run, byte[] levels, Codes codes, Scales scales) {
    return new CodedBlocks(blockSize, blockBytes, run, false, levels, codes, scales, null);
  }

  static CodedBlocks shifted(
      int blockSize, int blockBytes, int run, byte[] levels, Codes codes, Scales scales) {
    return new CodedBlocks(blockSize, blockBytes, run, true, levels, codes, scales, null);
  }

  int blockSize() {
    return blockSize;
  }

  static CodedBlocks scaled(
      int blockSize, int blockBytes, int run, byte[] levels, Codes codes, FactoredScales scales) {
    return new CodedBlocks(blockSize, blockBytes, run, false, levels, codes, scales::read, scales);
  }

  static CodedBlocks shifted(
      int blockSize, int blockBytes, int run, byte[] levels, Codes codes, FactoredScales scales) {
    return new CodedBlocks(blockSize, blockBytes, run, true, levels, codes, scales::read, scales);
  }

  /**
   * The weights that share a scale.
   *
   * @return neighbours, a divisor of the block's size
   */
  public int run() {
    return run;
  }

  /**
   * Whether an offset is added.
   *
   * @return false if all offsets are 0 and are not to be added, which keeps negative zeros
   */
  public boolean hasOffsets() {
    return offsets;
  }

  /**
   * What codes stand for.
   *
   * @return a copy of the table, one integer for each code; its length is a power of two, and no
   *     code lies beyond
   */
  public byte[] levels() {
    return levels.clone();
  }

  /**
   * Unpacks the codes of one block.
   *
   * @param blocks bytes with the block
   * @param from where it begins
   * @param target receives a code for each weight, in their order
   * @param at position of the first one
   * @throws IndexOutOfBoundsException if the block or its codes do not lie within
   */
  public void unpack(byte[] blocks, int from, byte[] target, int at) {
    codes.unpack(blocks, from, target, at);
  }

  /**
   * The scales and offsets of one block.
   *
   * @param blocks bytes with the block
   * @param from where it begins
   * @param scaleTarget receives a scale for each run
   * @param offsetTarget receives an offset for each run; untouched without {@link #hasOffsets()}
   * @param at position of the first one in both
   * @throws IndexOutOfBoundsException if the block or its scales do not lie within
   */
  public void scales(byte[] blocks, int from, float[] scaleTarget, float[] offsetTarget, int at) {
    scales.read(blocks, from, scaleTarget, offsetTarget, at);
  }

  /**
   * The scales and offsets in parts.
   *
   * @return how they are found, or empty if they are numbers of their own
   */
  public Optional<FactoredScales> factored() {
    return Optional.ofNullable(factored);
  }

  @Override
  public void decode(MemorySegment blocks, long offset, float[] target, int at) {
    byte[] bytes = BlockBytes.copy(blocks, offset, blockBytes);
    byte[] unpacked = new byte[blockSize];
    int runs = blockSize / run;
    float[] scale = new float[runs];
    float[] shift = new float[runs];
    codes.unpack(bytes, 0, unpacked, 0);
    scales.read(bytes, 0, scale, shift, 0);
    for (int r = 0; r < runs; r++) {
      float factor = scale[r];
      float addend = shift[r];
      for (int i = r * run; i < (r + 1) * run; i++) {
        float product = factor * levels[unpacked[i] & 0xff];
        target[at + i] = offsets ? product + addend : product;
      }
    }
  }
}
