// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.util.Arrays;

/**
 * Scales and codes for runs of weights that make the weighted squared error small, as ggml's
 * quantizers search for them. The order of the operations is part of the result.
 */
final class ScaleFit {
  /** Runs of smaller magnitudes than this are zero. */
  static final float SMALLEST = 1e-15f;

  private static final int PASSES = 5;

  private ScaleFit() {}

  /** The nearest integer of up to 22 bits, ties to even; of other numbers its low bits. */
  static int nearest(float value) {
    // The sum has an ulp of one, so that its significand is the integer.
    int bits = Float.floatToRawIntBits(value + 12_582_912f);
    return (bits & 0x007f_ffff) - 0x0040_0000;
  }

  /**
   * A scale for codes from {@code -most} to {@code most - 1}, of either sign.
   *
   * @param codes receives the codes plus {@code most}
   * @param at position of the first one
   * @return the scale, 0 if all weights are
   */
  static float signed(int most, float[] x, float[] weights, byte[] codes, int at) {
    float extreme = extreme(x);
    int n = x.length;
    if (Math.abs(extreme) < SMALLEST) {
      Arrays.fill(codes, at, at + n, (byte) 0);
      return 0;
    }
    float scale = 0;
    float best = 0;
    for (int step = 0; step <= 18; step++) {
      // Around the scale that gives the extreme weight the code of the largest magnitude.
      int shift = step == 0 ? 0 : step <= 9 ? step - 10 : step - 9;
      float inverse = step == 0 ? -most / extreme : -(most + 0.1f * shift) / extreme;
      float sumLx = 0;
      float sumL2 = 0;
      for (int i = 0; i < n; i++) {
        int l = Math.clamp(nearest(inverse * x[i]), -most, most - 1);
        sumLx += weights[i] * x[i] * l;
        sumL2 += weights[i] * l * l;
      }
      if (step == 0 || sumL2 > 0 && sumLx * sumLx > best * sumL2) {
        for (int i = 0; i < n; i++) {
          codes[at + i] = (byte) (most + Math.clamp(nearest(inverse * x[i]), -most, most - 1));
        }
        scale = sumL2 == 0 ? 0 : sumLx / sumL2;
        best = scale * sumLx;
      }
    }
    return scale;
  }

  private static float extreme(float[] x) {
    return new BlockInput(x, 0, x.length, null, 0, 0).extreme(0, x.length);
  }

  /** As {@link #signed}, with the squares of the weights as importance, code by code. */
  static float descended(int most, float[] x, byte[] codes, int at) {
    float extreme = extreme(x);
    int n = x.length;
    if (Math.abs(extreme) < SMALLEST) {
      Arrays.fill(codes, at, at + n, (byte) 0);
      return 0;
    }
    float inverse = -most / extreme;
    float sumLx = 0;
    float sumL2 = 0;
    for (int i = 0; i < n; i++) {
      int l = Math.clamp(nearest(inverse * x[i]), -most, most - 1);
      codes[at + i] = (byte) l;
      float w = x[i] * x[i];
      sumLx += w * x[i] * l;
      sumL2 += w * l * l;
    }
    for (int pass = 0; pass < PASSES; pass++) {
      boolean changed = false;
      for (int i = 0; i < n; i++) {
        float w = x[i] * x[i];
        int code = codes[at + i];
        float withoutLx = sumLx - w * x[i] * code;
        if (!(withoutLx > 0)) {
          continue;
        }
        float withoutL2 = sumL2 - w * code * code;
        int l = Math.clamp(nearest(x[i] * withoutL2 / withoutLx), -most, most - 1);
        if (l != code) {
          withoutLx += w * x[i] * l;
          withoutL2 += w * l * l;
          if (withoutL2 > 0 && withoutLx * withoutLx * sumL2 > sumLx * sumLx * withoutL2) {
            codes[at + i] = (byte) l;
            sumLx = withoutLx;
            sumL2 = withoutL2;
            changed = true;
          }
        }
      }
      if (!changed) {
        break;
      }
    }
    for (int i = 0; i < n; i++) {
      codes[at + i] = (byte) (codes[at + i] + most);
    }
    return sumL2 > 0 ? sumLx / sumL2 : 0;
  }

  /**
   * A positive scale for codes from 0, without an offset.
   *
   * @param codes receives the codes
   * @return the scale, 0 if nothing is positive
   */
  static float positive(int most, float[] x, float[] weights, byte[] codes) {
    int n = x.length;
    float largest = 0;
    for (float value : x) {
      largest = Math.max(largest, value);
    }
    if (largest < SMALLEST) {
      Arrays.fill(codes, 0, n, (byte) 0);
      return 0;
    }
    float inverse = most / largest;
    float scale = 1 / inverse;
    float best = 0;
    for (int i = 0; i < n; i++) {
      float difference = x[i] - scale * (nearest(inverse * x[i]) & 0xff);
      best += weights[i] * difference * difference;
    }
    for (int step = -4; step <= 4; step++) {
      if (step == 0) {
        continue;
      }
      float tried = (0.1f * step + most) / largest;
      float triedScale = 1 / tried;
      float error = 0;
      for (int i = 0; i < n; i++) {
        float difference = x[i] - triedScale * Math.min(most, nearest(tried * x[i]));
        error += weights[i] * difference * difference;
      }
      if (error < best) {
        best = error;
        inverse = tried;
      }
    }
    return descend(most, inverse, x, weights, codes);
  }

  private static float descend(int most, float inverse, float[] x, float[] weights, byte[] codes) {
    int n = x.length;
    float sumLx = 0;
    float sumL2 = 0;
    for (int i = 0; i < n; i++) {
      int l = Math.min(most, nearest(inverse * x[i]));
      codes[i] = (byte) l;
      sumLx += weights[i] * x[i] * l;
      sumL2 += weights[i] * l * l;
    }
    for (int pass = 0; pass < PASSES; pass++) {
      boolean changed = false;
      for (int i = 0; i < n; i++) {
        float w = weights[i];
        int code = codes[i] & 0xff;
        float withoutLx = sumLx - w * x[i] * code;
        float withoutL2 = sumL2 - w * code * code;
        if (!(withoutLx > 0 && withoutL2 > 0)) {
          continue;
        }
        int l = Math.min(most, nearest(x[i] * withoutL2 / withoutLx));
        if (l != code) {
          withoutLx += w * x[i] * l;
          withoutL2 += w * l * l;
          if (withoutLx * withoutLx * sumL2 > sumLx * sumLx * withoutL2) {
            codes[i] = (byte) l;
            sumLx = withoutLx;
            sumL2 = withoutL2;
            changed = true;
          }
        }
      }
      if (!changed) {
        break;
      }
    }
    return sumL2 > 0 ? sumLx / sumL2 : 0;
  }
}
