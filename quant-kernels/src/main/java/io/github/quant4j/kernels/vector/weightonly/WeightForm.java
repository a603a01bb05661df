// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.TensorRelativeScaleCodec;
import io.github.quant4j.tensor.Tensor;
import java.util.Optional;

/**
 * What a quantized matrix of one format is like, without its codes, scales and zero points.
 *
 * @param scheme how it is quantized
 * @param format its one format
 * @param layout which weights share a scale
 * @param hasZeros whether there are zero points
 * @param tensorScale what all scales are multiplied by
 */
record WeightForm(
    QuantScheme scheme,
    NumberFormat format,
    ScaleLayout layout,
    boolean hasZeros,
    float tensorScale) {

  /** The part of a scale codec's data that holds the divisor of the whole matrix. */
  private static final String TENSOR_PART = "tensor";

  /** The form of a matrix, or empty if it has several formats. */
  static Optional<WeightForm> of(QuantizedMatrix weights) {
    Grid grid = weights.grid();
    if (!grid.palette().isUniform()) {
      return Optional.empty();
    }
    Tensor divisor = grid.scales().parts().get(TENSOR_PART);
    return Optional.of(
        new WeightForm(
            weights.scheme(),
            grid.palette().formats().getFirst(),
            grid.layout(),
            grid.zeroPoints().isPresent(),
            divisor != null && relativeScales(weights).isPresent()
                ? 1 / divisor.toFloatArray()[0]
                : 1f));
  }

  /** The scales' own bytes where they are bytes over one divisor: they alone need be read. */
  private static Optional<Tensor> relativeScales(QuantizedMatrix weights) {
    return weights.scheme().scaleCodec() instanceof TensorRelativeScaleCodec
        ? Optional.ofNullable(weights.grid().scales().parts().get(""))
        : Optional.empty();
  }

  /** The scales of a matrix of this form, relative to {@link #tensorScale()}. */
  ParameterTable scales(QuantizedMatrix weights) {
    float[] values =
        relativeScales(weights).map(Tensor::toFloatArray).orElse(weights.grid().scales().values());
    return ParameterTable.of(
        rows(), groups(), (row, group) -> values[layout.index(row, group * layout.blockColumns())]);
  }

  /** The zero points of a matrix of this form, by a unit. */
  ParameterTable zeros(QuantizedMatrix weights, float unit) {
    Grid grid = weights.grid();
    return ParameterTable.of(
        rows(),
        groups(),
        (row, group) -> grid.zeroPoint(layout.index(row, group * layout.blockColumns())) / unit);
  }

  int rows() {
    return layout.rows();
  }

  int columns() {
    return layout.columns();
  }

  /** Inputs that share a scale. */
  int groupSize() {
    return Math.min(layout.columns(), layout.blockColumns());
  }

  /** Groups of a row. */
  int groups() {
    return layout.scaleColumns();
  }
}
