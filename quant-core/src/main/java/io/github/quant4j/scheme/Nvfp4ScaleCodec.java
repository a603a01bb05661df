// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;
import java.util.SequencedMap;

/**
 * NVFP4 scales: one byte of FP8 E4M3 for each tile, divided by one binary32 number for the whole
 * matrix (part {@code tensor}), which is chosen so that the largest tile scale becomes 448.
 *
 * <p>The number for the matrix is a divisor because compressed-tensors stores it that way ({@code
 * weight_global_scale}), and a reciprocal would not be exact.
 *
 * <p>The divisor is at most 2^127, so that matrices of weights below some 1e-36 lose precision and
 * those of weights below 1e-41 become zero. A tile whose scale would round to zero gets the
 * smallest normal one instead, 2^-6, so that no element divides by zero.
 */
public record Nvfp4ScaleCodec() implements ScaleCodec {
  private static final String TENSOR_PART = "tensor";
  private static final float SMALLEST_NORMAL = 0x1p-6f;
  private static final float LARGEST_DIVISOR = 0x1p127f;

  @Override
  public boolean isIndependent() {
    return false;
  }

  @Override
  public String label() {
    return "e4m3";
  }

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    double largest = 0;
    for (double scale : typical) {
      largest = Math.max(largest, scale);
    }
    if (largest == 0) {
      return new TensorFrame(this, layout, 1f);
    }
    float divisor = (float) (MiniFloat.FP8_E4M3.maximum() / largest);
    boolean isStorable = divisor <= Float.MAX_VALUE;
    return new TensorFrame(this, layout, isStorable ? divisor : LARGEST_DIVISOR);
  }

  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    return new TensorFrame(this, layout, divisor(stored));
  }

  /** A divisor of the matrix that is settled. */
  private record TensorFrame(Nvfp4ScaleCodec codec, ScaleLayout layout, float divisor)
      implements ScaleFrame {

    private int code(double scale) {
      int code = MiniFloat.FP8_E4M3.encode((float) (scale * divisor));
      return code == 0 ? MiniFloat.FP8_E4M3.encode(SMALLEST_NORMAL) : code;
    }

    @Override
    public float round(int tile, double wanted) {
      return MiniFloat.FP8_E4M3.decode(code(wanted)) / divisor;
    }

    @Override
    public GroupParameters encode(double[] scales) {
      StoredParts.requireScales(scales, layout);
      byte[] codes = new byte[scales.length];
      for (int i = 0; i < scales.length; i++) {
        codes[i] = (byte) code(scales[i]);
      }
      SequencedMap<String, Tensor> parts =
          StoredParts.of("", Tensor.ofBytes(DType.F8_E4M3, StoredParts.shape(layout), codes));
      parts.put(TENSOR_PART, Tensor.ofFloats(Shape.of(1), new float[] {divisor}));
      return codec.decode(parts, layout);
    }
  }

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    Tensor tiles = StoredParts.require(parts, "", layout.count(), DType.F8_E4M3);
    Tensor tensor = StoredParts.require(parts, TENSOR_PART, 1, DType.F32);
    float divisor = tensor.toFloatArray()[0];
    float[] values = tiles.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] /= divisor;
    }
    SequencedMap<String, Tensor> stored = StoredParts.of("", tiles);
    stored.put(TENSOR_PART, tensor);
    return new GroupParameters(values, stored);
  }

  /**
   * The scales of tiles before they are divided by the number for the whole matrix.
   *
   * @param scales what {@link #encode} or {@link #decode} gave
   * @return one FP8 E4M3 value for each tile, in the order of the scales
   * @throws IllegalArgumentException if the scales are of another codec
   */
  public static float[] tileScales(GroupParameters scales) {
    requireDivisor(scales);
    return StoredParts.require(scales.parts(), "", scales.values().length, DType.F8_E4M3)
        .toFloatArray();
  }

  /**
   * The number that the scales of all tiles are divided by.
   *
   * @param scales what {@link #encode} or {@link #decode} gave
   * @return the divisor
   * @throws IllegalArgumentException if the scales are of another codec
   */
  public static float divisor(GroupParameters scales) {
    return requireDivisor(scales).toFloatArray()[0];
  }

  private static Tensor requireDivisor(GroupParameters scales) {
    Tensor divisor = scales.parts().get(TENSOR_PART);
    if (divisor == null) {
      throw new IllegalArgumentException(
          "scales: parts "
              + scales.parts().keySet()
              + ", expected one named '"
              + TENSOR_PART
              + "'");
    }
    return divisor;
  }
}
