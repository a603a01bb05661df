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
  private final @Nullable KeptWeights kept;

  private CurrentGroups(RoundingTask task, QuantScheme fitScheme, @Nullable KeptWeights kept) {
    this.task = task;
    this.fitScheme = fitScheme;
    this.kept = kept;
    int count = task.grid().layout().count();
    this.scales = new float[count];
    this.zeros = fitScheme.symmetric() ? null : new float[count];
  }

  static CurrentGroups of(RoundingTask task) {
    QuantScheme scheme = task.grid().scheme();
    if (!isPossible(task.grid())) {
      throw new IllegalArgumentException(
          "gptq(current): needs one format, and a scale of its own for each row or group of a row;"
              + " found "
              + scheme);
    }
    QuantScheme exact =
        scheme.scaleCodec().isIndependent()
            ? scheme
            : scheme.withScaleCodec(FloatScaleCodec.FLOAT32);
    return new CurrentGroups(task, exact.withGranularity(Granularity.channel()), null);
  }

  /** Whether each row, or group of a row, can be fitted by itself. */
  static boolean isPossible(Grid grid) {
    return grid.layout().isRowwise()
        && grid.palette().isUniform()
        && !grid.palette().isFitted();
  }

  /** The same, fitted without the weights that would be kept apart. */
  CurrentGroups without(KeptWeights apart) {
    return new CurrentGroups(task, fitScheme, apart);
  }

  /** The same with scales stored as bfloat16, for matrices where binary16 is too narrow. */
  CurrentGroups withWiderScales() {
    return new CurrentGroups(task, fitScheme.withScaleCodec(FloatScaleCodec.BFLOAT16), kept);
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
    FitTask fit = new FitTask(weights, fitScheme, gram, task.compute());
    if (kept != null) {
      FloatMatrix calm = kept.calmed(weights, firstColumn, fitScheme, fit);
      fit = new FitTask(calm, fitScheme, gram, task.compute());
    }
    Grid fitted = task.search().fit(fit);
    for (int r = 0; r < weights.rows(); r++) {
      int tile = task.grid().layout().index(firstRow + r, firstColumn);
      scales[tile] = fitted.scale(r);
      if (zeros != null) {
        zeros[tile] = fitted.zeroPoint(r);
      }
    }
    return fitted;
  }

  /** Fits all groups to the weights as they are. */
  void fitAll() {
    FloatMatrix weights = task.weights();
    for (int from = 0; from < weights.columns(); from += size()) {
      int to = Math.min(weights.columns(), from + size());
      FloatMatrix group = FloatMatrix.zeros(weights.rows(), to - from);
      for (int row = 0; row < weights.rows(); row++) {
        System.arraycopy(
            weights.data(),
            row * weights.columns() + from,
            group.data(),
            row * (to - from),
            to - from);
      }
      fit(0, from, group);
    }
  }

  /** The grid of all groups, or empty if their scales cannot be stored together as they are. */
  Optional<Grid> grid() {
    Grid grid = encodedGrid();
    boolean isExact =
        Arrays.equals(grid.scales().values(), scales)
            && (zeros == null
                || Arrays.equals(grid.zeroPoints().orElseThrow().values(), zeros));
    return isExact ? Optional.of(grid) : Optional.empty();
  }

  /** The grid of all groups with scales and zero points as they will be stored. */
  Grid encodedGrid() {
    QuantScheme scheme = task.grid().scheme();
    ScaleLayout layout = task.grid().layout();
    double[] wanted = new double[scales.length];
    Arrays.setAll(wanted, i -> scales[i]);
    GroupParameters stored = scheme.scaleCodec().encode(wanted, layout, scheme.format());
    GroupParameters zeroPoints =
        zeros == null
            ? null
            : scheme.scaleCodec().encodeZeroPoints(zeros, layout, (IntegerFormat) scheme.format());
    return new Grid(scheme, layout, FormatPalette.uniform(scheme.format()), stored, zeroPoints);
  }
}
