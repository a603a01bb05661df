// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.ZeroPointCodec;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Stored zero points. The type of the tensor tells how: I32 is packed in offset binary, I8 is one
 * signed byte each, and floating-point types are values.
 */
final class ZeroPoints {
  private ZeroPoints() {}

  /**
   * Reads zero points.
   *
   * @param tensor the stored form
   * @param packing how the codes of the same matrix are packed, if that is known for sure
   * @throws IllegalArgumentException if the type or the size is another one
   */
  static GroupParameters read(
      Tensor tensor, ScaleLayout layout, NumberFormat format, Optional<WordPacking> packing) {
    if (tensor.dtype() == DType.I32) {
      return packed(tensor, layout, format, packing);
    }
    boolean known = tensor.dtype() == DType.I8 || tensor.dtype().isFloatingPoint();
    if (!known || tensor.shape().elementCount() != layout.count()) {
      throw new IllegalArgumentException(
          tensor + ": expected " + layout.count() + " zero points in I8 or floating point, or I32");
    }
    float[] values = tensor.toFloatArray();
    if (tensor.dtype() == DType.I8) {
      requireRange(values, format);
    }
    return new GroupParameters(values, parts(tensor));
  }

  private static GroupParameters packed(
      Tensor tensor, ScaleLayout layout, NumberFormat format, Optional<WordPacking> packing) {
    if (!(format instanceof IntegerFormat integer)) {
      throw new IllegalArgumentException(
          tensor + ": packed zero points need an integer format, found " + format);
    }
    Shape shape = tensor.shape();
    if (shape.rank() != 2 || shape.dimension(1) != layout.scaleColumns()) {
      throw new IllegalArgumentException(
          tensor + ": expected " + layout.scaleColumns() + " columns of packed zero points");
    }
    float[] values =
        WordPacking.zeroPoints(
            tensor, layout.scaleRows(), layout.scaleColumns(), integer.bits(), packing);
    GroupParameters dense = ZeroPointCodec.encode(values, layout, integer);
    Tensor canonical = dense.parts().get("");
    // Dense ones stay where they are; only those of the padded layout are kept as a copy.
    return canonical != null && canonical.data().mismatch(tensor.data()) < 0
        ? new GroupParameters(values, parts(tensor))
        : dense;
  }

  static void requireRange(float[] values, NumberFormat format) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] < format.minimum() || values[i] > format.maximum()) {
        throw new IllegalArgumentException(
            "zero points: number "
                + i
                + " is "
                + values[i]
                + ", expected "
                + format.minimum()
                + " to "
                + format.maximum()
                + " for "
                + format);
      }
    }
  }

  /**
   * The tensor that is written: as it is kept in memory, but for a single packed zero point, which
   * compressed-tensors wants as a signed byte.
   */
  static Tensor toWrite(GroupParameters zeroPoints, ScaleLayout layout, boolean single) {
    Map<String, Tensor> parts = zeroPoints.parts();
    Tensor main = parts.get("");
    if (main == null || parts.size() != 1) {
      throw new IllegalArgumentException(
          "zero points: parts " + parts.keySet() + ", expected one main part");
    }
    if (single && main.dtype() == DType.I32 && layout.count() == 1) {
      return Tensor.ofBytes(DType.I8, Shape.of(1), new byte[] {(byte) zeroPoints.values()[0]});
    }
    return main;
  }

  private static SequencedMap<String, Tensor> parts(Tensor tensor) {
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    parts.put("", tensor);
    return parts;
  }
}
