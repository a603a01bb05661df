// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.Codebook;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/**
 * Reads one module of a BitNet checkpoint: ternary weights under one scale, and inputs that are
 * rounded to 8 bits by the largest magnitude of each token. The smallest range that the reference
 * knows, 1e-5, is not imposed: a token of smaller inputs is rounded more finely than there.
 *
 * @param isMultiplied whether the result is multiplied by {@code weight_scale}, a bias included, or
 *     divided by it before the bias is added
 */
record BitNetReader(boolean isMultiplied) {
  private static final QuantScheme WEIGHTS =
      new QuantScheme(Codebook.TERNARY, Granularity.tensor(), true, FloatScaleCodec.FLOAT32);
  private static final ActivationQuantizer INPUT =
      ActivationQuantizer.dynamic(ActivationScheme.parse("int8:token"));

  /**
   * Reads a module, with its bias.
   *
   * @throws IllegalArgumentException if something is missing, malformed or not supported
   * @throws ArithmeticException if the layer has too many outputs
   */
  QuantizedLinear read(ModuleTensors tensors) {
    Tensor packed = tensors.requireMatrix("weight", DType.U8);
    Tensor stored = tensors.require("weight_scale", DType.F32, DType.F16, DType.BF16);
    float given = ModuleTensors.scalar(stored);
    float scale = isMultiplied ? given : 1f / given;
    if (!(scale > 0) || !Float.isFinite(scale) || !Float.isFinite(given)) {
      throw new IllegalArgumentException(
          stored + ": " + given + ", expected a positive scale whose reciprocal is finite");
    }
    int rows = Math.multiplyExact((int) packed.shape().dimension(0), FourRows.ROWS);
    int columns = (int) packed.shape().dimension(1);
    ScaleLayout layout = WEIGHTS.granularity().layout(rows, columns);
    Tensor single = Tensor.ofFloats(Shape.of(1, 1), new float[] {scale});
    QuantizedMatrix matrix =
        new QuantizedMatrix(
            new Grid(
                WEIGHTS,
                layout,
                FormatPalette.uniform(Codebook.TERNARY),
                WEIGHTS.scaleCodec().decode(Map.of("", single), layout),
                null),
            FourRows.unpack(packed, rows, columns));
    QuantizedLinear linear = QuantizedLinear.of(matrix).withActivations(INPUT);
    Optional<Tensor> bias = tensors.find("bias");
    return bias.isPresent() ? linear.withBias(bias(bias.get(), scale)) : linear;
  }

  private float[] bias(Tensor stored, float scale) {
    if (!stored.dtype().isFloatingPoint()) {
      throw new IllegalArgumentException(stored + ": expected a floating-point type");
    }
    float[] values = stored.toFloatArray();
    if (isMultiplied) {
      for (int i = 0; i < values.length; i++) {
        values[i] *= scale;
      }
    }
    return values;
  }
}
