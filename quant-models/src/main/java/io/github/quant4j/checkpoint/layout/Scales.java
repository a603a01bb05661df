// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.matrix.FloatStorage;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** The type in which scales are stored: half precision of the kind that holds all of them. */
final class Scales {
  private static final List<DType> TYPES = List.of(DType.F16, DType.BF16);

  private Scales() {}

  /** The first type that holds all scales exactly. */
  static Optional<DType> exactType(float[] scales) {
    return TYPES.stream().filter(type -> isExact(scales, type)).findFirst();
  }

  /** The type that scales are stored in: binary16 if none holds all of them exactly. */
  static DType storedType(float[] scales) {
    return exactType(scales).orElse(DType.F16);
  }

  static float round(float value, DType type) {
    return FloatStorage.round(value, type);
  }

  private static boolean isExact(float[] scales, DType type) {
    for (float scale : scales) {
      if (FloatStorage.round(scale, type) != scale) {
        return false;
      }
    }
    return true;
  }

  /**
   * The nearest scales of half precision; bfloat16 where one lies outside the range of binary16.
   */
  static float[] rounded(float[] scales) {
    DType type = DType.F16;
    for (float scale : scales) {
      if (Math.abs(scale) < 0x1p-14f || FloatStorage.round(scale, type) > Float.MAX_VALUE) {
        type = DType.BF16;
      }
    }
    float[] rounded = new float[scales.length];
    for (int i = 0; i < scales.length; i++) {
      rounded[i] = FloatStorage.round(scales[i], type);
    }
    return rounded;
  }

  /** Scales {@code [out, groups]} as a tensor {@code [groups, out]}. */
  static Tensor transposed(IntegerWeights weights) {
    float[] scales = weights.scales();
    DType type = storedType(scales);
    int rows = weights.rows();
    int groups = weights.groupCount();
    short[] bits = new short[scales.length];
    for (int i = 0; i < bits.length; i++) {
      float scale = scales[i % rows * groups + i / rows];
      bits[i] =
          type == DType.F16 ? HalfPrecision.toFloat16(scale) : HalfPrecision.toBfloat16(scale);
    }
    return Tensor.ofShorts(type, Shape.of(groups, rows), bits);
  }
}
