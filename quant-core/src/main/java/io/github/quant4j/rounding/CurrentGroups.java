// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.search.FitTask;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Scales and zero points that are fitted group by group while the weights change, and in the end
 * put together into a grid.
 */
final class CurrentGroups {
  private final RoundingTask task;
  private final QuantScheme fitScheme;
  private final float[] scales;
  private final float @Nullable [] zeros;

  private CurrentGroups(RoundingTask task, QuantScheme fitScheme) {
    this.task = task;
    this.fitScheme = fitScheme;
    int count = task.grid().layout().count();
    this.scales = new float[count];
    this.zeros = fitScheme.symmetric() ? null : new float[count];
  }

  static CurrentGroups of(RoundingTask task) {
    QuantScheme scheme = task.grid().scheme();
    if (!task.grid().layout().isRowwise()
        || !task.grid().palette().isUniform()
        || !scheme.scaleCodec().isIndependent()) {
      throw new IllegalArgumentException(
          "gptq(current): needs one format, and a scale of its own for each row or group of a row"
              + " that is stored by itself; found "
              + scheme);
    }
    return new CurrentGroups(task, scheme.withGranularity(Granularity.channel()));
  }

  /** The same with scales stored as bfloat16, for matrices where binary16 is too narrow. */
  CurrentGroups withWiderScales() {
    return new CurrentGroups(task, fitScheme.withScaleCodec(FloatScaleCodec.BFLOAT16));
  }

  /** Columns of a group. */
  int size() {
    return task.grid().layout().blockColumns();
  }

  /**
   * Fits one group of some rows; the grid begins at the first of them and at the group's column.
   */
  Grid fit(int firstRow, int firstColumn, FloatMatrix weights) {
    Gram gram =
        task.gram() == null
            ? null
            : task.gram().block(firstColumn, firstColumn + weights.columns());
    Grid fitted = task.search().fit(new FitTask(weights, fitScheme, gram, task.compute()));
    for (int r = 0; r < weights.rows(); r++) {
      int tile = task.grid().layout().index(firstRow + r, firstColumn);
      scales[tile] = fitted.scale(r);
      if (zeros != null) {
        zeros[tile] = fitted.zeroPoint(r);
      }
    }
    return fitted;
  }

  /** The grid of all groups, or empty if their scales cannot be stored together as they are. */
  Optional<Grid> grid() {
    QuantScheme scheme = task.grid().scheme();
    ScaleLayout layout = task.grid().layout();
    double[] wanted = new double[scales.length];
    Arrays.setAll(wanted, i -> scales[i]);
    GroupParameters stored = scheme.scaleCodec().encode(wanted, layout, scheme.format());
    if (!Arrays.equals(stored.values(), scales)) {
      return Optional.empty();
    }
    GroupParameters zeroPoints =
        zeros == null
            ? null
            : scheme.scaleCodec().encodeZeroPoints(zeros, layout, (IntegerFormat) scheme.format());
    return Optional.of(
        new Grid(scheme, layout, FormatPalette.uniform(scheme.format()), stored, zeroPoints));
  }
}
