// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/** Encoders of the blocks with the code book of IQ4. */
final class BookEncoders {
  private static final byte[] LEVELS = Levels.nonlinear();
  private static final int RUN = 32;

  /** Scales are tried for which the extreme weight gets a level so far from the outermost. */
  private static final int TRIES = 7;

  private BookEncoders() {}

  static void iq4Nl(BlockInput input, byte[] target, int at) {
    float scale = scale(input, 0, 2f / RUN * input.squares());
    BlockBytes.putHalf(target, at, scale);
    byte[] codes = new byte[RUN];
    nearest(input, 0, scale, codes);
    CodePacking.nibbles(codes, 0, RUN, target, at + 2);
  }

  static void iq4Xs(BlockInput input, byte[] target, int at) {
    float[] scales = new float[8];
    float variance = 2f / 256 * input.squares();
    for (int r = 0; r < 8; r++) {
      scales[r] = scale(input, r * RUN, variance);
    }
    float whole = -new BlockInput(scales, 0, 8, null, 0, 0).extreme(0, 8) / 32;
    float inverse = whole == 0 ? 0 : 1 / whole;
    BlockBytes.putHalf(target, at, whole);
    byte[] codes = new byte[256];
    for (int r = 0; r < 8; r++) {
      int factor = Math.clamp(ScaleFit.nearest(inverse * scales[r]), -32, 31);
      nearest(input, r * RUN, whole * factor, codes);
      int bits = factor + 32;
      CodePacking.or(target, at + 4 + r / 2, (bits & 0xf) << 4 * (r % 2));
      CodePacking.or(target, at + 2 + r / 4, bits >> 4 << 2 * (r % 4));
      CodePacking.nibbles(codes, r * RUN, RUN, target, at + 8 + 16 * r);
    }
  }

  /** The scale of a run. */
  private static float scale(BlockInput input, int first, float variance) {
    float[] x = input.run(first, RUN);
    float extreme = input.extreme(first, RUN);
    if (Math.abs(extreme) < ScaleFit.SMALLEST) {
      return 0;
    }
    float[] weights;
    if (input.isWeighted()) {
      weights = input.importances(first, RUN, variance);
    } else {
      weights = x.clone();
      for (int i = 0; i < RUN; i++) {
        weights[i] *= x[i];
      }
    }
    float scale = 0;
    float best = 0;
    for (int t = -TRIES - 1; t <= TRIES; t++) {
      boolean isFirst = t < -TRIES;
      float inverse = isFirst ? 1 / (-extreme / LEVELS[0]) : (t + LEVELS[0]) / extreme;
      float sumQx = 0;
      float sumQ2 = 0;
      for (int i = 0; i < RUN; i++) {
        float level = LEVELS[nearest(inverse * x[i])];
        sumQx += weights[i] * level * x[i];
        sumQ2 += weights[i] * level * level;
      }
      if (isFirst) {
        scale = sumQ2 > 0 ? sumQx / sumQ2 : 0;
        best = scale * sumQx;
      } else if (sumQ2 > 0 && sumQx * sumQx > best * sumQ2) {
        scale = sumQx / sumQ2;
        best = scale * sumQx;
      }
    }
    return scale;
  }

  private static void nearest(BlockInput input, int first, float scale, byte[] codes) {
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int i = first; i < first + RUN; i++) {
      codes[i] = (byte) nearest(inverse * input.get(i));
    }
  }

  /** The code of the nearest level, of two the higher one. */
  private static int nearest(float value) {
    int last = LEVELS.length - 1;
    if (value <= LEVELS[0]) {
      return 0;
    }
    if (value >= LEVELS[last]) {
      return last;
    }
    int above = 1;
    while (above < last && value >= LEVELS[above]) {
      above++;
    }
    return value - LEVELS[above - 1] < LEVELS[above] - value ? above - 1 : above;
  }
}
