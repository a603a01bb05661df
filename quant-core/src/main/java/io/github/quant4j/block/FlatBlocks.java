// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/** The parts of blocks of 32 to 128 weights that have a scale each: places of codes and scales. */
final class FlatBlocks {
  private static final int NVFP4_RUN = 16;

  private FlatBlocks() {}

  /** 32 codes in 16 bytes: the first half of them in the low nibbles, the second in the high. */
  static CodedBlocks.Codes nibbles(int place) {
    return (blocks, from, target, at) -> nibbles(blocks, from + place, target, at, 16);
  }

  private static void nibbles(byte[] blocks, int from, byte[] target, int at, int count) {
    for (int i = 0; i < count; i++) {
      int pair = blocks[from + i];
      target[at + i] = (byte) (pair & 0xf);
      target[at + count + i] = (byte) (pair >> 4 & 0xf);
    }
  }

  /** Nibbles whose fifth bits lie in the four bytes before them, in the order of the weights. */
  static CodedBlocks.Codes nibblesAndBits(int place) {
    return (blocks, from, target, at) -> {
      nibbles(blocks, from + place + Integer.BYTES, target, at, 16);
      int fifth = BlockBytes.u32(blocks, from + place);
      for (int i = 0; i < 32; i++) {
        target[at + i] = (byte) (target[at + i] | (fifth >> i & 1) << 4);
      }
    };
  }

  static void bytes(byte[] blocks, int from, byte[] target, int at) {
    System.arraycopy(blocks, from + Short.BYTES, target, at, 32);
  }

  /** Codes of one or two bits in the order of the weights, lowest bits first. */
  static CodedBlocks.Codes dense(int bits, int count) {
    int inByte = Byte.SIZE / bits;
    int mask = (1 << bits) - 1;
    return (blocks, from, target, at) -> {
      for (int i = 0; i < count; i++) {
        int packed = blocks[from + Short.BYTES + i / inByte];
        target[at + i] = (byte) (packed >> bits * (i % inByte) & mask);
      }
    };
  }

  static void nvfp4Codes(byte[] blocks, int from, byte[] target, int at) {
    for (int s = 0; s < 4; s++) {
      int place = from + 4 + s * NVFP4_RUN / 2;
      nibbles(blocks, place, target, at + s * NVFP4_RUN, NVFP4_RUN / 2);
    }
  }

  static void scale(byte[] blocks, int from, float[] scales, float[] offsets, int at) {
    scales[at] = BlockBytes.half(blocks, from);
  }

  static void scaleAndOffset(byte[] blocks, int from, float[] scales, float[] offsets, int at) {
    scales[at] = BlockBytes.half(blocks, from);
    offsets[at] = BlockBytes.half(blocks, from + Short.BYTES);
  }

  /** Half the power of two that a byte says, as the levels are doubled; 255 is 2^127. */
  static void mxfp4Scale(byte[] blocks, int from, float[] scales, float[] offsets, int at) {
    int exponent = BlockBytes.u8(blocks, from);
    scales[at] = Float.intBitsToFloat(exponent < 2 ? 0x0020_0000 << exponent : exponent - 1 << 23);
  }

  static void nvfp4Scales(byte[] blocks, int from, float[] scales, float[] offsets, int at) {
    for (int s = 0; s < 4; s++) {
      scales[at + s] = 0.5f * unsignedE4m3(BlockBytes.u8(blocks, from + s));
    }
  }

  /** E4M3 whose sign is passed over; what would be NaN is zero. */
  static float unsignedE4m3(int bits) {
    int exponent = bits >> 3 & 0xf;
    int mantissa = bits & 7;
    if (bits == 0x7f) {
      return 0;
    }
    return exponent == 0
        ? Math.scalb((float) mantissa, -9)
        : Math.scalb(1 + mantissa / 8f, exponent - 7);
  }
}
