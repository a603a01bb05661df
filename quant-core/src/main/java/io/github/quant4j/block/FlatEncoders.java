// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/** Encoders of the blocks whose weights share a scale, and an offset where they have one. */
final class FlatEncoders {
  private static final RangeFit FOUR_BITS = new RangeFit(15, -0.9f, 0.05f, 36, false);
  private static final RangeFit FIVE_BITS = new RangeFit(31, -0.9f, 0.05f, 36, false);

  private FlatEncoders() {}

  static void q4Scaled(BlockInput input, byte[] target, int at) {
    byte[] codes = scaled(input, 8, target, at);
    CodePacking.nibbles(codes, 0, 32, target, at + 2);
  }

  static void q5Scaled(BlockInput input, byte[] target, int at) {
    byte[] codes = scaled(input, 16, target, at);
    CodePacking.bitsAndNibbles(codes, target, at + 2);
  }

  /** Writes the scale; the codes are those of {@code -most} to {@code most - 1}. */
  private static byte[] scaled(BlockInput input, int most, byte[] target, int at) {
    byte[] codes = new byte[32];
    if (input.isWeighted()) {
      float[] weights = input.importances(0, 32, input.rowSquare());
      BlockBytes.putHalf(target, at, ScaleFit.signed(most, input.run(0, 32), weights, codes, 0));
      return codes;
    }
    float scale = input.extreme(0, 32) / -most;
    float inverse = inverse(scale);
    BlockBytes.putHalf(target, at, scale);
    for (int i = 0; i < 32; i++) {
      codes[i] = (byte) Math.clamp((int) (input.get(i) * inverse + (most + 0.5f)), 0, 2 * most - 1);
    }
    return codes;
  }

  static void q4Shifted(BlockInput input, byte[] target, int at) {
    byte[] codes = shifted(input, FOUR_BITS, target, at);
    CodePacking.nibbles(codes, 0, 32, target, at + 4);
  }

  static void q5Shifted(BlockInput input, byte[] target, int at) {
    byte[] codes = shifted(input, FIVE_BITS, target, at);
    CodePacking.bitsAndNibbles(codes, target, at + 4);
  }

  /** Writes scale and offset. */
  private static byte[] shifted(BlockInput input, RangeFit fit, byte[] target, int at) {
    byte[] codes = new byte[32];
    if (input.isWeighted()) {
      float[] weights = input.importances(0, 32, input.rowSquare());
      RangeFit.Range range = fit.fit(input.run(0, 32), weights, codes, 0);
      BlockBytes.putHalf(target, at, range.scale());
      BlockBytes.putHalf(target, at + 2, -range.drop());
      return codes;
    }
    float least = Float.MAX_VALUE;
    float largest = -Float.MAX_VALUE;
    for (int i = 0; i < 32; i++) {
      float x = input.get(i);
      least = x < least ? x : least;
      largest = x > largest ? x : largest;
    }
    float scale = (largest - least) / fit.most();
    float inverse = inverse(scale);
    BlockBytes.putHalf(target, at, scale);
    BlockBytes.putHalf(target, at + 2, least);
    for (int i = 0; i < 32; i++) {
      codes[i] = (byte) Math.clamp((int) ((input.get(i) - least) * inverse + 0.5f), 0, fit.most());
    }
    return codes;
  }

  static void q8(BlockInput input, byte[] target, int at) {
    float scale = Math.abs(input.extreme(0, 32)) / 127;
    float inverse = inverse(scale);
    BlockBytes.putHalf(target, at, scale);
    for (int i = 0; i < 32; i++) {
      target[at + 2 + i] = (byte) Math.clamp(round(input.get(i) * inverse), -127, 127);
    }
  }

  /** Signs, with the mean magnitude. */
  static void q1(BlockInput input, byte[] target, int at) {
    byte[] codes = new byte[128];
    float magnitudes = 0;
    for (int i = 0; i < 128; i++) {
      magnitudes += Math.abs(input.get(i));
      codes[i] = (byte) (input.get(i) >= 0 ? 1 : 0);
    }
    BlockBytes.putHalf(target, at, magnitudes / 128);
    CodePacking.dense(codes, 1, target, at + 2);
  }

  static void q2(BlockInput input, byte[] target, int at) {
    byte[] codes = ternary(input, 64, target, at);
    CodePacking.dense(codes, 2, target, at + 2);
  }

  /** Writes the scale, the largest magnitude; the codes are 0, 1 and 2. */
  private static byte[] ternary(BlockInput input, int size, byte[] target, int scaleAt) {
    byte[] codes = new byte[size];
    float scale = Math.abs(input.extreme(0, size));
    float inverse = inverse(scale);
    BlockBytes.putHalf(target, scaleAt, scale);
    for (int i = 0; i < size; i++) {
      codes[i] = (byte) (1 + Math.clamp(round(input.get(i) * inverse), -1, 1));
    }
    return codes;
  }

  static void tq2(BlockInput input, byte[] target, int at) {
    byte[] codes = ternary(input, 256, target, at + 64);
    CodePacking.twoBits(codes, target, at);
  }

  static void tq1(BlockInput input, byte[] target, int at) {
    byte[] codes = ternary(input, 256, target, at + 52);
    CodePacking.ternary(codes, target, at);
  }

  static void mxfp4(BlockInput input, byte[] target, int at) {
    float largest = Math.abs(input.extreme(0, 32));
    int exponent = 0;
    if (largest > 0) {
      // As a float, the logarithm of numbers just below a power of two is that of the power.
      float logarithm = (float) (Math.log(largest) / Math.log(2));
      exponent = Math.clamp((int) Math.floor(logarithm) - 2 + 127, 0, 254);
    }
    target[at] = (byte) exponent;
    float[] scale = new float[1];
    FlatBlocks.mxfp4Scale(target, at, scale, scale, 0);
    byte[] codes = new byte[32];
    nearestE2m1(input, 0, 32, scale[0], codes);
    CodePacking.nibbles(codes, 0, 32, target, at + 1);
  }

  static void nvfp4(BlockInput input, byte[] target, int at) {
    byte[] codes = new byte[64];
    for (int s = 0; s < 4; s++) {
      int bits = unsignedE4m3(Math.abs(input.extreme(16 * s, 16)) / 6);
      target[at + s] = (byte) bits;
      nearestE2m1(input, 16 * s, 16, 0.5f * FlatBlocks.unsignedE4m3(bits), codes);
      CodePacking.nibbles(codes, 16 * s, 16, target, at + 4 + 8 * s);
    }
  }

  /** The first of the nearest levels, which is the one of the smaller magnitude. */
  private static void nearestE2m1(
      BlockInput input, int first, int count, float scale, byte[] codes) {
    byte[] levels = Levels.doubledE2m1();
    for (int i = first; i < first + count; i++) {
      float x = input.get(i);
      float least = Float.POSITIVE_INFINITY;
      for (int code = 0; code < levels.length; code++) {
        float error = Math.abs(levels[code] * scale - x);
        if (error < least) {
          least = error;
          codes[i] = (byte) code;
        }
      }
    }
  }

  /** E4M3 of a number that is not negative, rounded half up, at most 448 and from 256 on 448. */
  static int unsignedE4m3(float value) {
    int exponent = Math.getExponent(value) + 7;
    if (!(value > 0)) {
      return 0;
    }
    if (exponent <= 0) {
      return Math.min(7, (int) (value * 512 + 0.5f));
    }
    if (exponent >= 15) {
      return 0x7e;
    }
    // A mantissa that overflows goes on into the exponent.
    int rounded = (exponent << 3) + ((Float.floatToRawIntBits(value) >> 19 & 0xf) + 1 >> 1);
    return rounded >= 15 << 3 ? 0x7e : rounded;
  }

  private static float inverse(float scale) {
    return scale == 0 ? 0 : 1 / scale;
  }

  /** The nearest integer, ties away from zero. */
  private static int round(float value) {
    int magnitude = (int) (Math.abs((double) value) + 0.5);
    return value < 0 ? -magnitude : magnitude;
  }
}
