// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.activation;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Objects;

/**
 * Quantizes the rows of an activation matrix: the reference for what kernels do.
 *
 * <p>Dynamic symmetric scales are {@code absmax / maximum()} in binary32, and an element becomes
 * the level nearest to {@code x * (maximum() / absmax)}; a run of zeros has scale 1. With a clip
 * ratio, absmax times the ratio takes the place of absmax. Asymmetric ranges always include zero;
 * their scale is {@code (max - min) / (2^bits - 1)} and their zero point {@code rint(-2^(bits-1) -
 * min / scale)}, clamped to the format. Static ranges come from calibration.
 *
 * <p>A run whose largest magnitude is infinite or not a number has a dynamic scale that is not
 * finite either: what its codes stand for is not finite, and other runs and tokens are as they
 * would be without it. A static scale knows nothing of the values, and takes what is not a number
 * for one of its levels. Magnitudes so small that the reciprocal of their scale overflows become
 * about zero.
 *
 * <p>Instances are immutable and thread-safe.
 */
public final class ActivationQuantizer {
  private static final float SMALLEST_BLOCK_SCALE = 0x1p-6f;

  private final ActivationScheme scheme;
  private final float[] staticScales;
  private final float[] staticZeros;
  private final float tensorScale;
  private final float clipRatio;

  private ActivationQuantizer(
      ActivationScheme scheme, float[] scales, float[] zeros, float tensorScale) {
    this(scheme, scales, zeros, tensorScale, 1f);
  }

  private ActivationQuantizer(
      ActivationScheme scheme, float[] scales, float[] zeros, float tensorScale, float clipRatio) {
    this.clipRatio = clipRatio;
    this.scheme = scheme;
    this.staticScales = scales;
    this.staticZeros = zeros;
    this.tensorScale = tensorScale;
  }

  /**
   * A quantizer that computes its scales from each token.
   *
   * @param scheme a scheme per token or per group
   * @return the quantizer
   * @throws IllegalArgumentException if the scheme is static
   */
  public static ActivationQuantizer dynamic(ActivationScheme scheme) {
    if (scheme.granularity().isStatic()) {
      throw new IllegalArgumentException(
          "scheme: " + scheme + " is static, expected token or group granularity");
    }
    return new ActivationQuantizer(scheme, new float[0], new float[0], 0f);
  }

  /**
   * A quantizer with calibrated scales.
   *
   * @param scheme a scheme per tensor or per channel
   * @param scales one positive scale, or one for each channel
   * @param zeros as many zero points, in units of the format's values; all 0 if symmetric
   * @return the quantizer
   * @throws IllegalArgumentException if the scheme is dynamic, the numbers differ, or a value is
   *     out of range
   */
  public static ActivationQuantizer fixed(ActivationScheme scheme, float[] scales, float[] zeros) {
    if (!scheme.granularity().isStatic()) {
      throw new IllegalArgumentException(
          "scheme: " + scheme + " is dynamic, expected tensor or channel granularity");
    }
    if (scales.length == 0 || scales.length != zeros.length) {
      throw new IllegalArgumentException(
          "scales and zeros: "
              + scales.length
              + " and "
              + zeros.length
              + " values, expected as many of both, at least one");
    }
    for (int i = 0; i < scales.length; i++) {
      if (!(scales[i] > 0) || !Float.isFinite(scales[i]) || !Float.isFinite(zeros[i])) {
        throw new IllegalArgumentException(
            "scale and zero "
                + i
                + ": "
                + scales[i]
                + " and "
                + zeros[i]
                + ", expected a positive scale and a finite zero");
      }
    }
    return new ActivationQuantizer(scheme, scales.clone(), zeros.clone(), 0f);
  }

  /**
   * A quantizer with dynamic block scales under one calibrated scale: the activations of NVFP4,
   * whose block scales are FP8 E4M3 multiples of the scale of the tensor.
   *
   * @param scheme a scheme per group with {@link Nvfp4ScaleCodec} scales
   * @param tensorScale the scale of the tensor: {@code absmax / (448 * maximum())} uses the whole
   *     range of the block scales; larger inputs saturate
   * @return the quantizer
   * @throws IllegalArgumentException if the scheme is another one, or the scale is not positive and
   *     finite
   */
  public static ActivationQuantizer blocks(ActivationScheme scheme, float tensorScale) {
    if (scheme.granularity().isStatic() || !(scheme.scaleCodec() instanceof Nvfp4ScaleCodec)) {
      throw new IllegalArgumentException(
          "scheme: " + scheme + ", expected a dynamic one with e4m3 scales, such as nvfp4");
    }
    if (!(tensorScale > 0) || !Float.isFinite(tensorScale)) {
      throw new IllegalArgumentException(
          "tensorScale: " + tensorScale + ", expected a positive finite value");
    }
    return new ActivationQuantizer(scheme, new float[0], new float[0], tensorScale);
  }

  /**
   * The same quantizer with ranges that are a part of what each token has: the largest values clip,
   * as in QuaRot (Ashkboos et al., arXiv 2404.00456).
   *
   * @param ratio of the range to that of the values, above 0, at most 1
   * @return the changed quantizer
   * @throws IllegalArgumentException if the ratio is out of range, or the scales are static
   */
  public ActivationQuantizer withClipRatio(double ratio) {
    if (!(ratio > 0 && ratio <= 1)) {
      throw new IllegalArgumentException("clip ratio: " + ratio + ", expected above 0, to 1");
    }
    if (scheme.granularity().isStatic()) {
      throw new IllegalArgumentException(
          "clip ratio: " + scheme + " is static, expected token or group granularity");
    }
    return new ActivationQuantizer(scheme, staticScales, staticZeros, tensorScale, (float) ratio);
  }

  /**
   * The part of a token's range that dynamic scales cover.
   *
   * @return 1 if nothing clips
   */
  public float clipRatio() {
    return clipRatio;
  }

  /**
   * The calibrated scale of the tensor above dynamic block scales.
   *
   * @return 0 if there is none; then each token has a tensor scale of its own
   */
  public float tensorScale() {
    return tensorScale;
  }

  /**
   * The scheme.
   *
   * @return the scheme
   */
  public ActivationScheme scheme() {
    return scheme;
  }

  /**
   * The calibrated scales of a static scheme.
   *
   * @return a copy; empty for a dynamic scheme
   */
  public float[] staticScales() {
    return staticScales.clone();
  }

  /**
   * The calibrated zero points of a static scheme.
   *
   * @return a copy; empty for a dynamic scheme
   */
  public float[] staticZeros() {
    return staticZeros.clone();
  }

  /**
   * Inputs that share a scale within a token.
   *
   * @param columns the input features
   * @return the width of a run; 1 for static channel scales
   * @throws IllegalArgumentException if the group size does not divide the columns, or the number
   *     of static channel scales is not that of the columns
   */
  public int runLength(int columns) {
    return switch (scheme.granularity()) {
      case ActivationGranularity.PerTensor() -> columns;
      case ActivationGranularity.PerToken() -> columns;
      case ActivationGranularity.PerChannel() -> {
        if (staticScales.length != columns) {
          throw new IllegalArgumentException(
              "columns: "
                  + columns
                  + ", expected "
                  + staticScales.length
                  + " as there are channel scales");
        }
        yield 1;
      }
      case ActivationGranularity.PerGroup(int size) -> {
        if (columns % size != 0) {
          throw new IllegalArgumentException(
              "activation groups: " + size + " does not divide the " + columns + " inputs");
        }
        yield size;
      }
    };
  }

  /**
   * Quantizes one token.
   *
   * @param x the activations
   * @param xOffset position of the first one
   * @param columns how many
   * @param codes receives the format's codes, one in a byte
   * @param codesOffset position of the first one
   * @param scales receives one scale for each run of {@link #runLength} inputs
   * @param zeros receives as many zero points; 0 for a symmetric scheme
   * @throws IllegalArgumentException if the columns do not suit the scheme
   * @throws IndexOutOfBoundsException if an array is too short
   */
  public void quantize(
      float[] x,
      int xOffset,
      int columns,
      byte[] codes,
      int codesOffset,
      float[] scales,
      float[] zeros) {
    Objects.checkFromIndexSize(xOffset, columns, x.length);
    Objects.checkFromIndexSize(codesOffset, columns, codes.length);
    int run = runLength(columns);
    NumberFormat format = scheme.format();
    float outer = outerScale(x, xOffset, columns);
    for (int r = 0; r * run < columns; r++) {
      int from = xOffset + r * run;
      float inverse = range(x, from, run, r, outer, scales, zeros);
      for (int i = 0; i < run; i++) {
        codes[codesOffset + r * run + i] = (byte) format.encode(x[from + i] * inverse + zeros[r]);
      }
    }
  }

  /**
   * Replaces one token by what its codes stand for.
   *
   * @param x the activations
   * @param xOffset position of the first one
   * @param columns how many
   * @param target receives the quantized activations; may be {@code x}
   * @param targetOffset position of the first one
   * @throws IllegalArgumentException if the columns do not suit the scheme
   * @throws IndexOutOfBoundsException if an array is too short
   */
  public void fakeQuantize(float[] x, int xOffset, int columns, float[] target, int targetOffset) {
    int run = runLength(columns);
    int runs = Math.ceilDiv(columns, run);
    byte[] codes = new byte[columns];
    float[] scales = new float[runs];
    float[] zeros = new float[runs];
    quantize(x, xOffset, columns, codes, 0, scales, zeros);
    NumberFormat format = scheme.format();
    for (int i = 0; i < columns; i++) {
      int r = i / run;
      target[targetOffset + i] = (format.decode(codes[i] & 0xff) - zeros[r]) * scales[r];
    }
  }

  /** The scale above the block scales of a token, or 0 if they stand alone. */
  private float outerScale(float[] x, int from, int columns) {
    if (!(scheme.scaleCodec() instanceof Nvfp4ScaleCodec)) {
      return 0;
    }
    if (tensorScale > 0) {
      return tensorScale;
    }
    float largest = 0;
    for (int i = from; i < from + columns; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    return Math.max(
        largest / (scheme.format().maximum() * MiniFloat.FP8_E4M3.maximum()), Float.MIN_NORMAL);
  }

  /** Sets scale and zero point of a run and gives the factor that elements are multiplied by. */
  private float range(
      float[] x, int from, int run, int r, float outer, float[] scales, float[] zeros) {
    if (staticScales.length > 0) {
      int index = staticScales.length == 1 ? 0 : r;
      scales[r] = staticScales[index];
      zeros[r] = staticZeros[index];
      return 1f / scales[r];
    }
    float low = 0;
    float high = 0;
    for (int i = from; i < from + run; i++) {
      low = Math.min(low, x[i]);
      high = Math.max(high, x[i]);
    }
    low *= clipRatio;
    high *= clipRatio;
    NumberFormat format = scheme.format();
    if (low == 0 && high == 0) {
      scales[r] = 1;
      zeros[r] = 0;
      return 1;
    }
    if (scheme.symmetric()) {
      zeros[r] = 0;
      float largest = Math.max(-low, high);
      if (scheme.scaleCodec().equals(FloatScaleCodec.FLOAT32)) {
        scales[r] = largest / format.maximum();
        return Math.min(format.maximum() / largest, Float.MAX_VALUE);
      }
      if (!Float.isFinite(largest)) {
        // No codec stores such a scale; the other tokens of the batch must not suffer for it.
        scales[r] = Float.NaN;
        return 1f;
      }
      if (outer > 0) {
        float relative = MiniFloat.FP8_E4M3.nearest(largest / format.maximum() / outer);
        // A block scale that would round to zero gets the smallest normal one, as for weights.
        scales[r] = outer * (relative == 0 ? SMALLEST_BLOCK_SCALE : relative);
        return Math.min(1f / scales[r], Float.MAX_VALUE);
      }
      GroupParameters stored =
          scheme
              .scaleCodec()
              .encode(
                  new double[] {(double) largest / format.maximum()},
                  new ScaleLayout(1, run, 1, run),
                  format);
      scales[r] = stored.values()[0];
      return Math.min(1f / scales[r], Float.MAX_VALUE);
    }
    IntegerFormat integer = (IntegerFormat) format;
    float steps = integer.maximum() - integer.minimum();
    scales[r] = (high - low) / steps;
    float inverse = Math.min(steps / (high - low), Float.MAX_VALUE);
    zeros[r] =
        Math.clamp(
            (float) Math.rint(integer.minimum() - low * inverse),
            integer.minimum(),
            integer.maximum());
    return inverse;
  }

  /** The scheme, with the scale if there is one static scale, or the ratio if values clip. */
  @Override
  public String toString() {
    if (clipRatio < 1) {
      return scheme + " (clip " + clipRatio + ")";
    }
    return staticScales.length == 1 ? scheme + " (scale " + staticScales[0] + ")" : scheme + "";
  }
}
