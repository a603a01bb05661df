// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/** Encoders of the blocks of 256 weights whose runs have scales of their own. */
final class KEncoders {
  private static final int SIZE = 256;

  /** The search where importance is given, of all types with offsets. */
  private static final float FIRST = -0.9f;

  private static final float STEP = 0.05f;
  private static final int STEPS = 36;

  private static final RangeFit Q2 = new RangeFit(3, -0.5f, 0.1f, 15, true);
  private static final RangeFit Q4 = new RangeFit(15, -1f, 0.1f, 20, false);
  private static final RangeFit Q5 = new RangeFit(31, -0.5f, 0.1f, 15, false);

  private KEncoders() {}

  /** Scales and drops of the runs of a block, and the codes. */
  private static final class Runs {
    final byte[] codes = new byte[SIZE];
    final float[] scales;
    final float[] drops;
    final float[] importance;

    Runs(int count) {
      scales = new float[count];
      drops = new float[count];
      importance = new float[count];
    }

    int run() {
      return SIZE / scales.length;
    }

    /** Searches each run with the given importance. */
    void fit(BlockInput input, RangeFit fit, RunWeights weights) {
      for (int r = 0; r < scales.length; r++) {
        float[] w = weights.of(r * run());
        for (float one : w) {
          importance[r] += one;
        }
        RangeFit.Range range = fit.fit(input.run(r * run(), run()), w, codes, r * run());
        scales[r] = range.scale();
        drops[r] = range.drop();
      }
    }

    /** Codes for the scale that is stored, where it is not zero. */
    void recode(BlockInput input, int r, float scale, float drop, int least, int most) {
      if (scale == 0) {
        return;
      }
      for (int i = r * run(); i < (r + 1) * run(); i++) {
        int l = ScaleFit.nearest((input.get(i) + drop) / scale);
        codes[i] = (byte) (Math.clamp(l, least, most) - least);
      }
    }
  }

  /** The importance of the weights of a run that begins somewhere. */
  @FunctionalInterface
  private interface RunWeights {
    float[] of(int first);
  }

  private static RangeFit weighted(RangeFit plain) {
    return new RangeFit(plain.most(), FIRST, STEP, STEPS, false);
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = value > largest ? value : largest;
    }
    return largest;
  }

  static void q2(BlockInput input, byte[] target, int at) {
    Runs runs = new Runs(16);
    if (input.isWeighted()) {
      float variance = input.squares() / SIZE;
      runs.fit(input, weighted(Q2), first -> input.importances(first, 16, variance));
      byte[] factors = new byte[16];
      byte[] drops = new byte[16];
      float scale = ScaleFit.positive(15, runs.scales, runs.importance, factors);
      float drop = ScaleFit.positive(15, runs.drops, runs.importance, drops);
      for (int r = 0; r < 16; r++) {
        target[at + r] = (byte) (factors[r] | drops[r] << 4);
      }
      BlockBytes.putHalf(target, at + 80, scale);
      BlockBytes.putHalf(target, at + 82, drop);
    } else {
      runs.fit(input, Q2, first -> magnitudes(input, first, 16, 0));
      fourBits(runs.scales, 0, target, at, at + 80);
      fourBits(runs.drops, 4, target, at, at + 82);
    }
    float[] scales = new float[16];
    float[] offsets = new float[16];
    KBlocks.Q2.read(target, at, scales, offsets, 0);
    for (int r = 0; r < 16; r++) {
      runs.recode(input, r, scales[r], -offsets[r], 0, 3);
    }
    CodePacking.twoBits(runs.codes, target, at + 16);
  }

  /** Each as so many fifteenths of the largest. */
  private static void fourBits(float[] values, int shift, byte[] target, int at, int scaleAt) {
    float largest = largest(values);
    if (largest > 0) {
      float inverse = 15f / largest;
      for (int r = 0; r < 16; r++) {
        CodePacking.or(target, at + r, ScaleFit.nearest(inverse * values[r]) << shift);
      }
      BlockBytes.putHalf(target, scaleAt, largest / 15f);
    }
  }

  private static float[] magnitudes(BlockInput input, int first, int count, float more) {
    float[] magnitudes = new float[count];
    for (int i = 0; i < count; i++) {
      magnitudes[i] = more + Math.abs(input.get(first + i));
    }
    return magnitudes;
  }

  static void q3(BlockInput input, byte[] target, int at) {
    Runs runs = new Runs(16);
    byte[] factors = new byte[16];
    float scale;
    if (input.isWeighted()) {
      float variance = 2 * input.squares() / SIZE;
      for (int r = 0; r < 16; r++) {
        float[] weights = input.importances(16 * r, 16, variance);
        for (float one : weights) {
          runs.importance[r] += one;
        }
        runs.scales[r] = ScaleFit.signed(4, input.run(16 * r, 16), weights, runs.codes, 16 * r);
      }
      scale = ScaleFit.signed(32, runs.scales, runs.importance, factors, 0);
    } else {
      for (int r = 0; r < 16; r++) {
        runs.scales[r] = ScaleFit.descended(4, input.run(16 * r, 16), runs.codes, 16 * r);
      }
      scale = sixBits(runs.scales, factors);
    }
    for (int r = 0; r < 16; r++) {
      CodePacking.or(target, at + 96 + r % 8, (factors[r] & 0xf) << 4 * (r / 8));
      CodePacking.or(target, at + 104 + r % 4, factors[r] >> 4 << 2 * (r / 4));
    }
    BlockBytes.putHalf(target, at + 108, scale);
    float[] scales = new float[16];
    KBlocks.Q3.read(target, at, scales, scales, 0);
    for (int r = 0; r < 16; r++) {
      runs.recode(input, r, scales[r], 0, -4, 3);
    }
    CodePacking.bit(runs.codes, 2, target, at);
    CodePacking.twoBits(runs.codes, target, at + 32);
  }

  /** Each as so many of 32 parts of the one of the largest magnitude, plus 32. */
  private static float sixBits(float[] values, byte[] factors) {
    float extreme = new BlockInput(values, 0, values.length, null, 0, 0).extreme(0, values.length);
    if (extreme == 0) {
      return 0;
    }
    float inverse = -32f / extreme;
    for (int r = 0; r < values.length; r++) {
      factors[r] = (byte) (Math.clamp((byte) ScaleFit.nearest(inverse * values[r]), -32, 31) + 32);
    }
    return 1 / inverse;
  }

  static void q4(BlockInput input, byte[] target, int at) {
    Runs runs = shifted(input, Q4, target, at);
    CodePacking.runs(runs.codes, 32, target, at + 16);
  }

  static void q5(BlockInput input, byte[] target, int at) {
    Runs runs = shifted(input, Q5, target, at);
    CodePacking.bit(runs.codes, 4, target, at + 16);
    CodePacking.runs(runs.codes, 32, target, at + 48);
  }

  /** Scales and least values of six bits. */
  private static Runs shifted(BlockInput input, RangeFit fit, byte[] target, int at) {
    Runs runs = new Runs(8);
    byte[] factors = new byte[8];
    byte[] drops = new byte[8];
    float scale;
    float drop;
    if (input.isWeighted()) {
      float variance = 2 * input.squares() / SIZE;
      runs.fit(input, weighted(fit), first -> input.importances(first, 32, variance));
      scale = ScaleFit.positive(63, runs.scales, runs.importance, factors);
      drop = ScaleFit.positive(63, runs.drops, runs.importance, drops);
    } else {
      runs.fit(
          input,
          fit,
          first -> magnitudes(input, first, 32, (float) Math.sqrt(input.squares(first, 32) / 32)));
      scale = sixtyThirds(runs.scales, factors);
      drop = sixtyThirds(runs.drops, drops);
    }
    BlockBytes.putHalf(target, at, scale);
    BlockBytes.putHalf(target, at + 2, drop);
    putFactors(factors, drops, target, at + 4);
    float[] scales = new float[8];
    float[] offsets = new float[8];
    KBlocks.Q4.read(target, at, scales, offsets, 0);
    for (int r = 0; r < 8; r++) {
      runs.recode(input, r, scales[r], -offsets[r], 0, fit.most());
    }
    return runs;
  }

  private static float sixtyThirds(float[] values, byte[] factors) {
    float largest = largest(values);
    float inverse = largest > 0 ? 63f / largest : 0;
    for (int r = 0; r < values.length; r++) {
      factors[r] = (byte) Math.min(63, ScaleFit.nearest(inverse * values[r]) & 0xff);
    }
    return largest / 63f;
  }

  /** Four of each in six bits of a byte; of the others low bits together, high bits in those. */
  private static void putFactors(byte[] factors, byte[] drops, byte[] target, int at) {
    for (int r = 0; r < 4; r++) {
      target[at + r] = factors[r];
      target[at + 4 + r] = drops[r];
    }
    for (int r = 4; r < 8; r++) {
      target[at + 4 + r] = (byte) (factors[r] & 0xf | (drops[r] & 0xf) << 4);
      CodePacking.or(target, at + r - 4, factors[r] >> 4 << 6);
      CodePacking.or(target, at + r, drops[r] >> 4 << 6);
    }
  }

  static void q6(BlockInput input, byte[] target, int at) {
    Runs runs = new Runs(16);
    for (int r = 0; r < 16; r++) {
      float[] x = input.run(16 * r, 16);
      float[] weights;
      if (input.isWeighted()) {
        weights = input.importances(16 * r, 16);
      } else {
        weights = x.clone();
        for (int i = 0; i < 16; i++) {
          weights[i] *= x[i];
        }
      }
      runs.scales[r] = ScaleFit.signed(32, x, weights, runs.codes, 16 * r);
    }
    float extreme = new BlockInput(runs.scales, 0, 16, null, 0, 0).extreme(0, 16);
    if (Math.abs(extreme) < ScaleFit.SMALLEST) {
      return;
    }
    float inverse = -128f / extreme;
    BlockBytes.putHalf(target, at + 208, 1 / inverse);
    for (int r = 0; r < 16; r++) {
      target[at + 192 + r] = (byte) Math.min(127, ScaleFit.nearest(inverse * runs.scales[r]));
    }
    float[] scales = new float[16];
    KBlocks.Q6.read(target, at, scales, scales, 0);
    for (int r = 0; r < 16; r++) {
      runs.recode(input, r, scales[r], 0, -32, 31);
    }
    CodePacking.runs(runs.codes, 64, target, at);
    CodePacking.highPairs(runs.codes, target, at + 128);
  }
}
