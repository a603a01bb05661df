// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.bitsandbytes;

import io.github.quant4j.io.quantized.module.AffineMatrix;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.SignedBytes;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Signed bytes {@code [out, in]} under the largest magnitude of each row, {@code SCB} {@code
 * [out]}: a weight is {@code byte SCB / 127}.
 */
final class EightBits {
  static final String MAXIMA = "SCB";

  /** Tells the order of the bytes; 0 is by rows. */
  private static final String ORDER = "weight_format";

  private static final float LARGEST = 127;

  private EightBits() {}

  static QuantizedLinear read(ModuleTensors tensors) {
    Tensor weight = tensors.requireMatrix("weight", DType.I8);
    int rows = (int) weight.shape().dimension(0);
    int columns = (int) weight.shape().dimension(1);
    Tensor maxima = tensors.require(MAXIMA, DType.F32, DType.F16, DType.BF16);
    if (maxima.shape().elementCount() != rows) {
      throw new IllegalArgumentException(maxima + ": expected " + rows + " values, one for a row");
    }
    Optional<Tensor> order = tensors.find(ORDER);
    if (order.isPresent()) {
      requireRows(order.get());
    }
    float[] scales = maxima.toFloatArray();
    for (int i = 0; i < scales.length; i++) {
      scales[i] /= LARGEST;
    }
    return QuantizedLinear.of(
        AffineMatrix.ofIntegers(
            SignedBytes.toCodes(rows, columns, weight.data()),
            Granularity.channel(),
            DType.F32,
            scales,
            null));
  }

  private static void requireRows(Tensor order) {
    if (order.shape().elementCount() != 1
        || order.dtype() != DType.U8
        || order.data().get(ValueLayout.JAVA_BYTE, 0) != 0) {
      throw new IllegalArgumentException(
          order + ": expected 0, bytes by rows; orders of kernels are not read");
    }
  }
}
