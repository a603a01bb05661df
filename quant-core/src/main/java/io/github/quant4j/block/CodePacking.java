// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/** Packs codes as {@link FlatBlocks} and {@link KBlocks} find them. Targets must be zero before. */
final class CodePacking {
  private CodePacking() {}

  /** 32 codes or fewer, even in number: the first half in low nibbles, the second in high. */
  static void nibbles(byte[] codes, int from, int count, byte[] target, int at) {
    int half = count / 2;
    for (int i = 0; i < half; i++) {
      int high = codes[from + half + i] & 0xf;
      target[at + i] = (byte) (codes[from + i] & 0xf | high << 4);
    }
  }

  /** The fifth bits of 32 codes, then their nibbles. */
  static void bitsAndNibbles(byte[] codes, byte[] target, int at) {
    for (int i = 0; i < 32; i++) {
      or(target, at + i / 8, (codes[i] >> 4 & 1) << i % 8);
    }
    nibbles(codes, 0, 32, target, at + Integer.BYTES);
  }

  /** Codes of one or two bits in their order. */
  static void dense(byte[] codes, int bits, byte[] target, int at) {
    int inByte = Byte.SIZE / bits;
    for (int i = 0; i < codes.length; i++) {
      or(target, at + i / inByte, codes[i] << bits * (i % inByte));
    }
  }

  /** The lowest two bits of 256 codes, those of weights that are 32 apart together. */
  static void twoBits(byte[] codes, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      or(target, at + i / 128 * 32 + i % 32, (codes[i] & 3) << 2 * (i / 32 % 4));
    }
  }

  /** One bit of each of 256 codes. */
  static void bit(byte[] codes, int bit, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      or(target, at + i % 32, (codes[i] >> bit & 1) << i / 32);
    }
  }

  /** The lowest four bits of 256 codes, those of pairs of runs together. */
  static void runs(byte[] codes, int run, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      or(target, at + i / (2 * run) * run + i % run, (codes[i] & 0xf) << 4 * (i / run % 2));
    }
  }

  /** Bits four and five of 256 codes. */
  static void highPairs(byte[] codes, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      or(target, at + i / 128 * 32 + i % 32, (codes[i] >> 4 & 3) << 2 * (i / 32 % 4));
    }
  }

  /** 256 ternary digits: five in a byte, but for four in each of the last four bytes. */
  static void ternary(byte[] codes, byte[] target, int at) {
    digits(codes, 0, 32, 5, target, at);
    digits(codes, 160, 16, 5, target, at + 32);
    digits(codes, 240, 4, 4, target, at + 48);
  }

  /** A byte is the number of five digits as a fraction of 256, rounded up. */
  private static void digits(byte[] codes, int from, int bytes, int digits, byte[] target, int at) {
    for (int i = 0; i < bytes; i++) {
      int number = 0;
      for (int n = 0; n < 5; n++) {
        number = 3 * number + (n < digits ? codes[from + n * bytes + i] : 0);
      }
      target[at + i] = (byte) Math.ceilDiv(number * 256, 243);
    }
  }

  static void or(byte[] target, int at, int bits) {
    target[at] = (byte) (target[at] | bits);
  }
}
