// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
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

  /** The form of a matrix, or empty if it has several formats. */
  static Optional<WeightForm> of(QuantizedMatrix weights) {
    Grid grid = weights.grid();
    if (!grid.palette().isUniform()) {
      return Optional.empty();
    }
    return Optional.of(
        new WeightForm(
            weights.scheme(),
            grid.palette().formats().getFirst(),
            grid.layout(),
            grid.zeroPoints().isPresent(),
            hasTensorScale(weights) ? 1 / Nvfp4ScaleCodec.divisor(grid.scales()) : 1f));
  }

  /** Whether the scales are bytes over one divisor of the whole matrix. */
  private static boolean hasTensorScale(QuantizedMatrix weights) {
    return weights.scheme().scaleCodec() instanceof Nvfp4ScaleCodec;
  }

  /** The scales of a matrix of this form, relative to {@link #tensorScale()}. */
  ParameterTable scales(QuantizedMatrix weights) {
    GroupParameters scales = weights.grid().scales();
    float[] values = hasTensorScale(weights) ? Nvfp4ScaleCodec.tileScales(scales) : scales.values();
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
