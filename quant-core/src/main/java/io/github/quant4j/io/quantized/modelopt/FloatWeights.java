// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.modelopt;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.io.quantized.module.AffineMatrix;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** Matrices of FP8 and FP4 numbers, used where they lie. */
final class FloatWeights {
  private static final int FP4_GROUP = 16;

  private FloatWeights() {}

  /**
   * FP8 E4M3 under scales, which are factors.
   *
   * @param weight F8_E4M3 {@code [out, in]}
   * @param scale one, one for each output, or one for each block
   * @param block rows and columns of a block; none if there are no blocks
   */
  static QuantizedMatrix fp8(Tensor weight, Tensor scale, int... block) {
    int rows = (int) weight.shape().dimension(0);
    int columns = (int) weight.shape().dimension(1);
    long count = scale.shape().elementCount();
    Granularity granularity =
        block.length == 2
            ? new Granularity.PerBlock(block[0], block[1])
            : count == 1 ? Granularity.tensor() : Granularity.channel();
    ScaleLayout layout = granularity.layout(rows, columns);
    if (count != layout.count()) {
      throw new IllegalArgumentException(
          scale + ": expected " + layout.count() + " scales for " + layout);
    }
    return AffineMatrix.of(
        PackedCodes.wrap(rows, columns, 8, columns, weight.data()),
        MiniFloat.FP8_E4M3,
        granularity,
        scale.dtype(),
        scale.toFloatArray(),
        null);
  }

  /**
   * FP4 E2M1 in groups of 16, each under an FP8 scale times a factor of the matrix.
   *
   * <p>Grids here have a divisor for the matrix. Where no divisor gives the same products, the
   * products are kept as they are, in four bytes.
   */
  static QuantizedMatrix nvfp4(ModuleTensors tensors) {
    Tensor packed = tensors.requireMatrix("weight", DType.U8);
    int rows = (int) packed.shape().dimension(0);
    int rowBytes = (int) packed.shape().dimension(1);
    int columns = Math.multiplyExact(rowBytes, 2);
    Granularity granularity = Granularity.group(FP4_GROUP);
    ScaleLayout layout = granularity.layout(rows, columns);
    Tensor scale = tensors.requireMatrix("weight_scale", DType.F8_E4M3);
    if (!scale.shape().equals(Shape.of(layout.scaleRows(), layout.scaleColumns()))) {
      throw new IllegalArgumentException(
          scale + ": expected [" + layout.scaleRows() + ", " + layout.scaleColumns() + "]");
    }
    float factor = ModuleTensors.scalar(tensors.require("weight_scale_2", DType.F32));
    float[] products = scale.toFloatArray();
    boolean[] present = new boolean[256];
    for (int i = 0; i < products.length; i++) {
      present[MiniFloat.FP8_E4M3.encode(products[i])] = true;
      products[i] *= factor;
    }
    PackedCodes codes = PackedCodes.wrap(rows, columns, 4, rowBytes, packed.data());
    float[] divisor = divisor(present, factor);
    if (divisor == null) {
      return AffineMatrix.of(codes, MiniFloat.FP4_E2M1, granularity, DType.F32, products, null);
    }
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    parts.put("", scale);
    parts.put("tensor", Tensor.ofFloats(Shape.of(1), divisor));
    Nvfp4ScaleCodec codec = new Nvfp4ScaleCodec();
    GroupParameters scales = codec.decode(parts, layout);
    return new QuantizedMatrix(
        new Grid(
            new QuantScheme(MiniFloat.FP4_E2M1, granularity, true, codec),
            layout,
            FormatPalette.uniform(MiniFloat.FP4_E2M1),
            scales,
            null),
        codes);
  }

  /** A number by which the scales that are present may be divided instead, if there is one. */
  private static float @Nullable [] divisor(boolean[] present, float factor) {
    float middle = 1 / factor;
    for (float divisor : new float[] {middle, Math.nextUp(middle), Math.nextDown(middle)}) {
      boolean exact = true;
      for (int code = 0; code < present.length && exact; code++) {
        float value = present[code] ? MiniFloat.FP8_E4M3.decode(code) : 1;
        exact = !present[code] || value * factor == value / divisor;
      }
      if (exact && Float.isFinite(divisor) && divisor > 0) {
        return new float[] {divisor};
      }
    }
    return null;
  }
}
