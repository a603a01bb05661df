// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import io.github.quant4j.format.HalfPrecision;
import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights whose codes are points of a {@link Lattice}, with signs of their own or, in
 * the types of one bit, a shift.
 */
final class LatticeBlocks implements BlockDecoder {
  static final int SIZE = 256;

  private static final int RUNS = SIZE / 32;
  private static final float IQ1_SHIFT = 0.125f;

  private final int blockBytes;
  private final String lattice;
  private final Runs runs;

  /** Decodes a run of 32 weights of a block. */
  @FunctionalInterface
  interface Runs {
    void decode(byte[] block, int run, Lattice lattice, float[] target, int at);
  }

  LatticeBlocks(int blockBytes, String lattice, Runs runs) {
    this.blockBytes = blockBytes;
    this.lattice = lattice;
    this.runs = runs;
  }

  @Override
  public void decode(MemorySegment blocks, long offset, float[] target, int at) {
    byte[] block = BlockBytes.copy(blocks, offset, blockBytes);
    Lattice points = Lattice.of(lattice);
    for (int run = 0; run < RUNS; run++) {
      runs.decode(block, run, points, target, at + 32 * run);
    }
  }

  /** Seven signs are stored; the eighth makes the number of negative ones even. */
  private static int eightSigns(int seven) {
    return seven & 0x7f | (Integer.bitCount(seven & 0x7f) & 1) << 7;
  }

  private static void signed(
      Lattice lattice, int point, float scale, int signs, float[] target, int at) {
    int length = lattice.length();
    byte[] values = lattice.values();
    for (int i = 0; i < length; i++) {
      float value = scale * values[point * length + i];
      target[at + i] = (signs >> i & 1) == 0 ? value : -value;
    }
  }

  private static void shifted(
      Lattice lattice, int point, float scale, boolean down, float[] target, int at) {
    float shift = down ? -IQ1_SHIFT : IQ1_SHIFT;
    for (int i = 0; i < 8; i++) {
      target[at + i] = scale * (lattice.values()[point * 8 + i] + shift);
    }
  }

  static void iq2Xxs(byte[] block, int run, Lattice lattice, float[] target, int at) {
    int place = 2 + 8 * run;
    int signs = BlockBytes.u32(block, place + 4);
    float scale = BlockBytes.half(block, 0) * (0.5f + (signs >>> 28)) * 0.25f;
    for (int l = 0; l < 4; l++) {
      int point = BlockBytes.u8(block, place + l);
      signed(lattice, point, scale, eightSigns(signs >>> 7 * l), target, at + 8 * l);
    }
  }

  static void iq2Xs(byte[] block, int run, Lattice lattice, float[] target, int at) {
    for (int l = 0; l < 4; l++) {
      int code = BlockBytes.u16(block, 2 + 8 * run + 2 * l);
      float scale = halfRunScale(block, 66 + run, l / 2);
      signed(lattice, code & 511, scale, eightSigns(code >> 9), target, at + 8 * l);
    }
  }

  static void iq2S(byte[] block, int run, Lattice lattice, float[] target, int at) {
    int high = BlockBytes.u8(block, 66 + run);
    for (int l = 0; l < 4; l++) {
      int point = BlockBytes.u8(block, 2 + 4 * run + l) | (high >> 2 * l & 3) << 8;
      float scale = halfRunScale(block, 74 + run, l / 2);
      signed(lattice, point, scale, BlockBytes.u8(block, 34 + 4 * run + l), target, at + 8 * l);
    }
  }

  /** The scale of 16 weights: a nibble. */
  private static float halfRunScale(byte[] block, int place, int half) {
    return BlockBytes.half(block, 0) * (0.5f + (block[place] >> 4 * half & 0xf)) * 0.25f;
  }

  static void iq3Xxs(byte[] block, int run, Lattice lattice, float[] target, int at) {
    int signs = BlockBytes.u32(block, 66 + 4 * run);
    float scale = BlockBytes.half(block, 0) * (0.5f + (signs >>> 28)) * 0.5f;
    for (int l = 0; l < 8; l++) {
      int point = BlockBytes.u8(block, 2 + 8 * run + l);
      int four = eightSigns(signs >>> 7 * (l / 2)) >> 4 * (l % 2);
      signed(lattice, point, scale, four, target, at + 4 * l);
    }
  }

  static void iq3S(byte[] block, int run, Lattice lattice, float[] target, int at) {
    int high = BlockBytes.u8(block, 66 + run);
    int factor = block[106 + run / 2] >> 4 * (run % 2) & 0xf;
    float scale = BlockBytes.half(block, 0) * (1 + 2 * factor);
    for (int l = 0; l < 8; l++) {
      int point = BlockBytes.u8(block, 2 + 8 * run + l) | (high >> l & 1) << 8;
      int four = BlockBytes.u8(block, 74 + 4 * run + l / 2) >> 4 * (l % 2);
      signed(lattice, point, scale, four, target, at + 4 * l);
    }
  }

  static void iq1S(byte[] block, int run, Lattice lattice, float[] target, int at) {
    int high = BlockBytes.u16(block, 34 + 2 * run);
    float scale = BlockBytes.half(block, 0) * (2 * (high >> 12 & 7) + 1);
    for (int l = 0; l < 4; l++) {
      int point = BlockBytes.u8(block, 2 + 4 * run + l) | (high >> 3 * l & 7) << 8;
      shifted(lattice, point, scale, (high & 0x8000) != 0, target, at + 8 * l);
    }
  }

  /** The scale of the block is spread over the highest nibbles of four words of scales. */
  static void iq1M(byte[] block, int run, Lattice lattice, float[] target, int at) {
    int bits = 0;
    for (int w = 0; w < 4; w++) {
      bits |= BlockBytes.u16(block, 48 + 2 * w) >> 12 << 4 * w;
    }
    float whole = HalfPrecision.fromFloat16((short) bits);
    int factors = BlockBytes.u16(block, 48 + run / 2 * 2) >> 6 * (run % 2);
    for (int l = 0; l < 4; l++) {
      float scale = whole * (2 * (factors >> 3 * (l / 2) & 7) + 1);
      int high = block[32 + 2 * run + l / 2] >> 4 * (l % 2);
      int point = BlockBytes.u8(block, 4 * run + l) | (high & 7) << 8;
      shifted(lattice, point, scale, (high & 8) != 0, target, at + 8 * l);
    }
  }
}
