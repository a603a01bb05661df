// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;

/**
 * Scales stored as floating-point numbers, one by one. A scale of 0 is stored as 1; one outside the
 * type's range is stored as its smallest or largest positive number, so that a tile of tiny weights
 * decodes to about zero.
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
  private static final float BFLOAT16_SMALLEST = 0x1p-133f;
  private static final float BFLOAT16_LARGEST = 0x1.fep127f;

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

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    boolean half = this == FLOAT16 && fitsFloat16(typical);
    FloatScaleCodec type = half || this == FLOAT32 ? this : BFLOAT16;
    return new TypedFrame(type, layout);
  }

  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    DType dtype =
        StoredParts.require(stored.parts(), "", layout.count(), DType.F32, DType.F16, DType.BF16)
            .dtype();
    FloatScaleCodec type = dtype == DType.F32 ? FLOAT32 : dtype == DType.F16 ? FLOAT16 : BFLOAT16;
    return new TypedFrame(type, layout);
  }

  /** Scales of one type; the relative error is at most 2^-24, 2^-11 or 2^-8. */
  private record TypedFrame(FloatScaleCodec type, ScaleLayout layout) implements ScaleFrame {

    @Override
    public float round(int tile, double wanted) {
      // A scale so small that it vanishes in binary32 belongs to a tile that is zero in effect.
      float value = (float) wanted == 0f ? 1f : (float) wanted;
      return switch (type) {
        case FLOAT32 -> value;
        case FLOAT16 -> HalfPrecision.fromFloat16(HalfPrecision.toFloat16(clamped(value)));
        case BFLOAT16 ->
            HalfPrecision.fromBfloat16(
                HalfPrecision.toBfloat16(Math.clamp(value, BFLOAT16_SMALLEST, BFLOAT16_LARGEST)));
      };
    }

    private static float clamped(float value) {
      return Math.clamp(value, (float) FLOAT16_SMALLEST_NORMAL, (float) FLOAT16_LARGEST);
    }

    @Override
    public GroupParameters encode(double[] scales) {
      StoredParts.requireScales(scales, layout);
      float[] values = new float[scales.length];
      short[] bits = new short[scales.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = round(i, scales[i]);
        bits[i] =
            type == FLOAT16
                ? HalfPrecision.toFloat16(values[i])
                : HalfPrecision.toBfloat16(values[i]);
      }
      Shape shape = StoredParts.shape(layout);
      Tensor stored =
          switch (type) {
            case FLOAT32 -> Tensor.ofFloats(shape, values);
            case FLOAT16 -> Tensor.ofShorts(DType.F16, shape, bits);
            case BFLOAT16 -> Tensor.ofShorts(DType.BF16, shape, bits);
          };
      return new GroupParameters(values, StoredParts.of("", stored));
    }
  }

  private static boolean fitsFloat16(double[] scales) {
    for (double scale : scales) {
      float value = (float) scale == 0f ? 1f : (float) scale;
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
