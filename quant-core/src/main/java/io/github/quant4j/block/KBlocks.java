// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/**
 * The parts of blocks of 256 weights whose runs of 16 or 32 have scales that are integers times a
 * scale of the block.
 */
final class KBlocks {
  static final FactoredScales Q2 = FactoredScales.shifted(16, 80, 82, KBlocks::q2Factors);
  static final FactoredScales Q3 = FactoredScales.scaled(16, 108, KBlocks::q3Factors);

  /** Of Q4_K and Q5_K. */
  static final FactoredScales Q4 = FactoredScales.shifted(8, 0, 2, KBlocks::q4Factors);

  static final FactoredScales Q6 = FactoredScales.scaled(16, 208, KBlocks::q6Factors);
  static final FactoredScales IQ4 = FactoredScales.scaled(8, 0, KBlocks::iq4Factors);

  private KBlocks() {}

  static void q2Codes(byte[] blocks, int from, byte[] target, int at) {
    twoBits(blocks, from + 16, target, at);
  }

  /** Each byte of a half has the codes of four weights that are 32 apart. */
  static void twoBits(byte[] blocks, int from, byte[] target, int at) {
    for (int half = 0; half < 2; half++) {
      for (int s = 0; s < 4; s++) {
        for (int i = 0; i < 32; i++) {
          target[at + 128 * half + 32 * s + i] = (byte) (blocks[from + 32 * half + i] >> 2 * s & 3);
        }
      }
    }
  }

  static void q2Factors(byte[] blocks, int from, byte[] scales, byte[] offsets, int at) {
    for (int i = 0; i < 16; i++) {
      int both = BlockBytes.u8(blocks, from + i);
      scales[at + i] = (byte) (both & 0xf);
      offsets[at + i] = (byte) (both >> 4);
    }
  }

  static void q3Codes(byte[] blocks, int from, byte[] target, int at) {
    twoBits(blocks, from + 32, target, at);
    for (int i = 0; i < 256; i++) {
      int high = blocks[from + i % 32] >> i / 32 & 1;
      target[at + i] = (byte) (target[at + i] | high << 2);
    }
  }

  static void q3Factors(byte[] blocks, int from, byte[] scales, byte[] offsets, int at) {
    for (int i = 0; i < 16; i++) {
      int low = blocks[from + 96 + i % 8] >> 4 * (i / 8) & 0xf;
      int high = blocks[from + 104 + i % 4] >> 2 * (i / 4) & 3;
      scales[at + i] = (byte) ((low | high << 4) - 32);
    }
  }

  static void q4Codes(byte[] blocks, int from, byte[] target, int at) {
    nibbles(blocks, from + 16, 32, target, at);
  }

  /** Pairs of runs of 32: the first in the low nibbles, the second in the high. */
  private static void nibbles(byte[] blocks, int from, int run, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      int packed = blocks[from + i / (2 * run) * run + i % run];
      target[at + i] = (byte) (packed >> 4 * (i / run % 2) & 0xf);
    }
  }

  static void q5Codes(byte[] blocks, int from, byte[] target, int at) {
    nibbles(blocks, from + 48, 32, target, at);
    for (int i = 0; i < 256; i++) {
      int high = blocks[from + 16 + i % 32] >> i / 32 & 1;
      target[at + i] = (byte) (target[at + i] | high << 4);
    }
  }

  /** Of Q4_K and Q5_K: eight scales and eight least values of 6 bits in 12 bytes. */
  static void q4Factors(byte[] blocks, int from, byte[] scales, byte[] offsets, int at) {
    int packed = from + 4;
    for (int i = 0; i < 8; i++) {
      int factor;
      int minimum;
      if (i < 4) {
        factor = blocks[packed + i] & 63;
        minimum = blocks[packed + 4 + i] & 63;
      } else {
        int low = BlockBytes.u8(blocks, packed + 4 + i);
        factor = low & 0xf | BlockBytes.u8(blocks, packed + i - 4) >> 6 << 4;
        minimum = low >> 4 | BlockBytes.u8(blocks, packed + i) >> 6 << 4;
      }
      scales[at + i] = (byte) factor;
      offsets[at + i] = (byte) minimum;
    }
  }

  static void q6Codes(byte[] blocks, int from, byte[] target, int at) {
    nibbles(blocks, from, 64, target, at);
    for (int i = 0; i < 256; i++) {
      int high = blocks[from + 128 + i / 128 * 32 + i % 32] >> 2 * (i / 32 % 4) & 3;
      target[at + i] = (byte) (target[at + i] | high << 4);
    }
  }

  static void q6Factors(byte[] blocks, int from, byte[] scales, byte[] offsets, int at) {
    System.arraycopy(blocks, from + 192, scales, at, 16);
  }

  static void iq4Codes(byte[] blocks, int from, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      int packed = blocks[from + 8 + i / 32 * 16 + i % 16];
      target[at + i] = (byte) (packed >> 4 * (i / 16 % 2) & 0xf);
    }
  }

  static void iq4Factors(byte[] blocks, int from, byte[] scales, byte[] offsets, int at) {
    int high = BlockBytes.u16(blocks, from + 2);
    for (int i = 0; i < 8; i++) {
      int low = blocks[from + 4 + i / 2] >> 4 * (i % 2) & 0xf;
      scales[at + i] = (byte) ((low | (high >> 2 * i & 3) << 4) - 32);
    }
  }

  /** Ternary digits: five in a byte, but for four in each of the last four bytes. */
  static void tq1Codes(byte[] blocks, int from, byte[] target, int at) {
    digits(blocks, from, 32, 5, target, at);
    digits(blocks, from + 32, 16, 5, target, at + 160);
    digits(blocks, from + 48, 4, 4, target, at + 240);
  }

  private static void digits(
      byte[] blocks, int from, int bytes, int digits, byte[] target, int at) {
    int power = 1;
    for (int n = 0; n < digits; n++) {
      for (int i = 0; i < bytes; i++) {
        // A byte is a fraction of 256: what is left after n digits, and the next of them.
        int fraction = blocks[from + i] * power & 0xff;
        target[at + n * bytes + i] = (byte) (fraction * 3 >> 8);
      }
      power *= 3;
    }
  }

  static void tq1Scale(byte[] blocks, int from, float[] scales, float[] offsets, int at) {
    scales[at] = BlockBytes.half(blocks, from + 52);
  }

  static void tq2Codes(byte[] blocks, int from, byte[] target, int at) {
    twoBits(blocks, from, target, at);
  }

  static void tq2Scale(byte[] blocks, int from, float[] scales, float[] offsets, int at) {
    scales[at] = BlockBytes.half(blocks, from + 64);
  }
}
