// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Optional;

/**
 * What the choice of loops depends on: codes of one kind, and which of them share a scale.
 *
 * @param label what the weights are, for reports
 * @param codeBits width of a code
 * @param levels what each code stands for, {@code 2^codeBits} of them
 * @param miniFloat the format of codes that are small floats, empty for all others
 * @param layout which weights share a scale
 * @param hasZeros whether there are zero points
 * @param tensorScale what all scales are multiplied by
 */
record TileForm(
    String label,
    int codeBits,
    float[] levels,
    Optional<MiniFloat> miniFloat,
    ScaleLayout layout,
    boolean hasZeros,
    float tensorScale) {

  static TileForm of(WeightForm form) {
    NumberFormat format = form.format();
    return new TileForm(
        form.scheme().toString(),
        format.bits(),
        format.decodeTable(),
        format instanceof MiniFloat mini ? Optional.of(mini) : Optional.empty(),
        form.layout(),
        form.hasZeros(),
        form.tensorScale());
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
