// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.kernel.AffineCodes;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.scheme.FloatScaleCodec;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Turns tokens into integers, exactly those of {@link ActivationQuantizer}: the float operations
 * are the same ones in the same order, only in lanes.
 *
 * <p>Integer formats with float scales, or with one static scale, run in vectors. Other formats and
 * codecs, and tokens that are not finite, go through the quantizer itself.
 */
final class TokenQuantizer {
  /** Adding it rounds a float of at most 2^22 to the nearest integer, ties to even. */
  private static final float ROUNDER = 0x1.8p23f;

  private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);
  private static final int MAGNITUDE_BITS = 0x7fff_ffff;
  private static final int INFINITY_BITS = 0x7f80_0000;

  private final ActivationQuantizer quantizer;
  private final SegmentLayout layout;
  private final AffineCodes codes;
  private final boolean inLanes;
  private final boolean symmetric;
  private final boolean fixed;
  private final float fixedScale;
  private final float fixedZero;
  private final float least;
  private final float most;
  private final float clipRatio;

  /**
   * Sets up.
   *
   * @param quantizer what defines the integers
   * @param codes the form of its format
   * @param layout where the integers go
   */
  TokenQuantizer(ActivationQuantizer quantizer, AffineCodes codes, SegmentLayout layout) {
    ActivationScheme scheme = quantizer.scheme();
    this.quantizer = quantizer;
    this.clipRatio = quantizer.clipRatio();
    this.layout = layout;
    this.codes = codes;
    this.symmetric = scheme.symmetric();
    this.fixed = scheme.granularity() instanceof ActivationGranularity.PerTensor;
    this.inLanes =
        scheme.format() instanceof IntegerFormat
            && (fixed || scheme.scaleCodec().equals(FloatScaleCodec.FLOAT32));
    this.fixedScale = fixed ? quantizer.staticScales()[0] : 1f;
    this.fixedZero = fixed ? quantizer.staticZeros()[0] : 0f;
    this.least = scheme.format().minimum();
    this.most = scheme.format().maximum();
  }

  /** Whether values have a zero point other than 0. */
  boolean hasZeros() {
    return !symmetric || fixedZero != 0f;
  }

  /**
   * Quantizes one token.
   *
   * @param x the activations
   * @param xOffset position of the first one
   * @param tile receives scales, zero points and sums
   * @param token which token of the tile
   * @param values receives the integers, {@code [paddedColumns]}, 0 in the padding
   * @param offset position of the first one
   * @param scratch for intermediate results
   * @param plain whether to do without vectors
   */
  void quantize(
      float[] x,
      int xOffset,
      Tile tile,
      int token,
      int[] values,
      int offset,
      ScratchPool scratch,
      boolean plain) {
    int run = layout.runLength();
    int runs = layout.columns() / run;
    boolean padded = layout.paddedLength() != layout.segmentLength();
    int[] dense = padded ? scratch.ints(layout.columns()) : values;
    int denseOffset = padded ? 0 : offset;
    float[] scales = scratch.floats(runs);
    float[] zeros = scratch.floats(runs);
    boolean done = inLanes && !plain;
    for (int r = 0; r < runs && done; r++) {
      done = quantizeRun(x, xOffset + r * run, r, scales, zeros, dense, denseOffset + r * run);
    }
    if (!done) {
      quantizeByDefinition(x, xOffset, dense, denseOffset, scales, zeros, scratch);
    }
    if (padded) {
      spread(dense, values, offset);
      scratch.release(dense);
    }
    describe(tile, token, values, offset, scales, zeros, plain);
    scratch.release(scales);
    scratch.release(zeros);
  }

  /** False if the run is not finite. */
  private boolean quantizeRun(
      float[] x, int from, int r, float[] scales, float[] zeros, int[] target, int to) {
    float inverse;
    if (fixed) {
      scales[r] = fixedScale;
      zeros[r] = fixedZero;
      inverse = 1f / fixedScale;
    } else if (symmetric) {
      float largest = clipRatio * Float.intBitsToFloat(largestMagnitude(x, from));
      if (!Float.isFinite(largest)) {
        return false;
      }
      zeros[r] = 0f;
      scales[r] = largest == 0f ? 1f : largest / most;
      inverse = largest == 0f ? 1f : Math.min(most / largest, Float.MAX_VALUE);
    } else {
      float low = clipRatio * lowest(x, from);
      float high = clipRatio * highest(x, from);
      if (!Float.isFinite(low) || !Float.isFinite(high)) {
        return false;
      }
      float steps = most - least;
      boolean allZero = low == 0f && high == 0f;
      scales[r] = allZero ? 1f : (high - low) / steps;
      inverse = allZero ? 1f : Math.min(steps / (high - low), Float.MAX_VALUE);
      zeros[r] = allZero ? 0f : Math.clamp((float) Math.rint(least - low * inverse), least, most);
    }
    round(x, from, inverse, zeros[r], target, to);
    return true;
  }

  /** The bits of the largest magnitude; as integers, magnitudes are in order, and NaN is on top. */
  private int largestMagnitude(float[] x, int from) {
    int length = layout.runLength();
    IntVector largest = IntVector.zero(Lanes.INT);
    int i = 0;
    for (; i + Lanes.FLOATS <= length; i += Lanes.FLOATS) {
      largest =
          largest.max(
              FloatVector.fromArray(Lanes.FLOAT, x, from + i)
                  .reinterpretAsInts()
                  .and(MAGNITUDE_BITS));
    }
    int bits = largest.reduceLanes(VectorOperators.MAX);
    for (; i < length; i++) {
      bits = Math.max(bits, Float.floatToRawIntBits(x[from + i]) & MAGNITUDE_BITS);
    }
    return Math.min(bits, INFINITY_BITS);
  }

  private float lowest(float[] x, int from) {
    int length = layout.runLength();
    FloatVector low = FloatVector.zero(Lanes.FLOAT);
    int i = 0;
    for (; i + Lanes.FLOATS <= length; i += Lanes.FLOATS) {
      low = low.min(FloatVector.fromArray(Lanes.FLOAT, x, from + i));
    }
    float least = low.reduceLanes(VectorOperators.MIN);
    for (; i < length; i++) {
      least = Math.min(least, x[from + i]);
    }
    return least;
  }

  private float highest(float[] x, int from) {
    int length = layout.runLength();
    FloatVector high = FloatVector.zero(Lanes.FLOAT);
    int i = 0;
    for (; i + Lanes.FLOATS <= length; i += Lanes.FLOATS) {
      high = high.max(FloatVector.fromArray(Lanes.FLOAT, x, from + i));
    }
    float most = high.reduceLanes(VectorOperators.MAX);
    for (; i < length; i++) {
      most = Math.max(most, x[from + i]);
    }
    return most;
  }

  private void round(float[] x, int from, float inverse, float zero, int[] target, int to) {
    int length = layout.runLength();
    FloatVector bottom = FloatVector.broadcast(Lanes.FLOAT, least);
    FloatVector top = FloatVector.broadcast(Lanes.FLOAT, most);
    int i = 0;
    for (; i + Lanes.FLOATS <= length; i += Lanes.FLOATS) {
      FloatVector value = FloatVector.fromArray(Lanes.FLOAT, x, from + i).mul(inverse).add(zero);
      // Comparisons rather than min and max: what is not a number must end at the top.
      FloatVector belowTop = top.blend(value, value.compare(VectorOperators.LT, top));
      FloatVector inside = bottom.blend(belowTop, belowTop.compare(VectorOperators.GT, bottom));
      inside.add(ROUNDER).reinterpretAsInts().sub(ROUNDER_BITS).intoArray(target, to + i);
    }
    for (; i < length; i++) {
      float value = x[from + i] * inverse + zero;
      float inside = value < most ? Math.max(value, least) : most;
      target[to + i] = (int) Math.rint(inside);
    }
  }

  private void quantizeByDefinition(
      float[] x,
      int xOffset,
      int[] target,
      int to,
      float[] scales,
      float[] zeros,
      ScratchPool scratch) {
    byte[] coded = scratch.bytes(layout.columns());
    quantizer.quantize(x, xOffset, layout.columns(), coded, 0, scales, zeros);
    for (int i = 0; i < layout.columns(); i++) {
      target[to + i] = codes.value(coded[i] & 0xff);
    }
    scratch.release(coded);
  }

  private void spread(int[] dense, int[] values, int offset) {
    int length = layout.segmentLength();
    int padded = layout.paddedLength();
    for (int s = 0; s < layout.segments(); s++) {
      int at = offset + s * padded;
      System.arraycopy(dense, s * length, values, at, length);
      Arrays.fill(values, at + length, at + padded, 0);
    }
  }

  private void describe(
      Tile tile,
      int token,
      int[] values,
      int offset,
      float[] scales,
      float[] zeros,
      boolean plain) {
    int segments = layout.segments();
    int segmentsInRun = layout.segmentsInRun();
    int to = tile.offset + token * segments;
    for (int s = 0; s < segments; s++) {
      int r = s / segmentsInRun;
      int zero = (int) zeros[r];
      tile.scales[to + s] = scales[r];
      tile.zeros[to + s] = zero;
      int from = offset + s * layout.paddedLength();
      int sum =
          plain
              ? plainSum(values, from, layout.paddedLength())
              : sum(values, from, layout.paddedLength());
      tile.valueSums[to + s] = sum - zero * layout.segmentLength();
    }
  }

  private static int plainSum(int[] values, int from, int length) {
    int sum = 0;
    for (int i = from; i < from + length; i++) {
      sum += values[i];
    }
    return sum;
  }

  private static int sum(int[] values, int from, int length) {
    IntVector sums = IntVector.zero(Lanes.INT);
    int i = 0;
    for (; i + Lanes.FLOATS <= length; i += Lanes.FLOATS) {
      sums = sums.add(IntVector.fromArray(Lanes.INT, values, from + i));
    }
    int sum = sums.reduceLanes(VectorOperators.ADD);
    for (; i < length; i++) {
      sum += values[from + i];
    }
    return sum;
  }
}
