// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;

/**
 * Scales stored as floating-point numbers, one by one. A scale of 0 is stored as 1.
 *
 * <p>{@link #FLOAT16} changes to bfloat16 for a matrix that has a scale outside binary16's normal
 * range, where its relative error would exceed 2^-11; the type of the stored tensor tells.
 */
public enum FloatScaleCodec implements ScaleCodec {
  /** Four bytes, exact. */
  FLOAT32("f32"),
  /** Two bytes, binary16 where the range allows. */
  FLOAT16("f16"),
  /** Two bytes, bfloat16. */
  BFLOAT16("bf16");

  private static final double FLOAT16_SMALLEST_NORMAL = 0x1p-14;
  private static final double FLOAT16_LARGEST = 65504;

  private final String label;

  FloatScaleCodec(String label) {
    this.label = label;
  }

  @Override
  public boolean isIndependent() {
    return true;
  }

  @Override
  public String label() {
    return label;
  }

  /**
   * Encodes scales, each on its own; the relative error is at most 2^-24, 2^-11 or 2^-8.
   *
   * @param scales the wanted scales
   * @param layout their layout
   * @param format not used
   * @return the stored scales
   * @throws IllegalArgumentException as {@link ScaleCodec#encode} says
   */
  @Override
  public GroupParameters encode(double[] scales, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(scales, layout);
    float[] values = new float[scales.length];
    for (int i = 0; i < scales.length; i++) {
      // A scale so small that it vanishes in binary32 belongs to a tile that is zero in effect.
      values[i] = (float) scales[i] == 0f ? 1f : (float) scales[i];
    }
    if (this == FLOAT32) {
      return new GroupParameters(
          values, StoredParts.of("", Tensor.ofFloats(StoredParts.shape(layout), values)));
    }
    boolean half = this == FLOAT16 && fitsFloat16(values);
    short[] bits = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = half ? HalfPrecision.toFloat16(values[i]) : HalfPrecision.toBfloat16(values[i]);
      values[i] = half ? HalfPrecision.fromFloat16(bits[i]) : HalfPrecision.fromBfloat16(bits[i]);
    }
    DType dtype = half ? DType.F16 : DType.BF16;
    return new GroupParameters(
        values, StoredParts.of("", Tensor.ofShorts(dtype, StoredParts.shape(layout), bits)));
  }

  private static boolean fitsFloat16(float[] values) {
    for (float value : values) {
      if (value < FLOAT16_SMALLEST_NORMAL || value > FLOAT16_LARGEST) {
        return false;
      }
    }
    return true;
  }

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    Tensor part = StoredParts.require(parts, "", layout.count(), DType.F32, DType.F16, DType.BF16);
    return new GroupParameters(part.toFloatArray(), StoredParts.of("", part));
  }
}
