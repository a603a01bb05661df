// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.CodebookFamilies;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Fits grids whose format is still to be chosen. */
final class FormatFitting {
  private static final int ROWS_IN_PART = 16;
  private static final double LEAST_EXPONENT = 0.2;
  private static final int EXPONENTS = 9;
  private static final int EXPONENT_ROUNDS = 3;

  private FormatFitting() {}

  static Grid fit(ScaleSearch search, FitTask task) {
    if (task.scheme().scaleCodec() instanceof BlockScaleCodec codec) {
      return BlockFitting.fit(search, task, codec);
    }
    return switch (task.scheme().choice()) {
      case FormatChoice.Fixed(NumberFormat format) -> search.fit(task, format);
      case FormatChoice.BestPerMatrix(List<NumberFormat> candidates) ->
          bestPerMatrix(search, task, candidates);
      case FormatChoice.BestPerTile(List<NumberFormat> candidates) ->
          bestPerTile(search, task, candidates);
      case FormatChoice.FittedCodebook(int size) -> CodebookFitting.fit(task, size);
      case FormatChoice.Companded(int bits) -> companded(search, task, bits);
    };
  }

  /** The exponent is found on ever finer grids: the error has one valley (Yvinec et al.). */
  private static Grid companded(ScaleSearch search, FitTask task, int bits) {
    double exponent =
        Minimize.coarseToFine(
                LEAST_EXPONENT,
                1,
                EXPONENTS,
                EXPONENT_ROUNDS,
                a -> error(task, search.fit(task, CodebookFamilies.power(a, bits))))
            .argument();
    return search.fit(task, CodebookFamilies.power(exponent, bits));
  }

  private static Grid bestPerMatrix(
      ScaleSearch search, FitTask task, List<NumberFormat> candidates) {
    Grid best = search.fit(task, candidates.getFirst());
    double least = error(task, best);
    for (NumberFormat format : candidates.subList(1, candidates.size())) {
      Grid grid = search.fit(task, format);
      double error = error(task, grid);
      if (error < least) {
        least = error;
        best = grid;
      }
    }
    return best;
  }

  /** The output error of nearest rounding, or the squared error without a usable moment. */
  private static double error(FitTask task, Grid grid) {
    FloatMatrix change = change(task, grid);
    Gram gram = usable(task.gram());
    if (gram != null) {
      return OutputError.total(change, gram, task.compute());
    }
    double sum = 0;
    for (float value : change.data()) {
      sum += (double) value * value;
    }
    return sum;
  }

  static @Nullable Gram usable(@Nullable Gram gram) {
    return gram != null && GramCheck.isUsable(gram) ? gram : null;
  }

  private static FloatMatrix change(FitTask task, Grid grid) {
    FloatMatrix weights = task.weights();
    int columns = weights.columns();
    FloatMatrix change = FloatMatrix.zeros(weights.rows(), columns);
    task.compute()
        .team()
        .run(
            Math.ceilDiv(weights.rows(), ROWS_IN_PART),
            part -> {
              int end = Math.min(weights.rows(), (part + 1) * ROWS_IN_PART);
              for (int row = part * ROWS_IN_PART; row < end; row++) {
                for (int column = 0; column < columns; column++) {
                  int at = row * columns + column;
                  float weight = weights.data()[at];
                  change.data()[at] =
                      task.removed().get(at) ? 0 : grid.nearest(row, column, weight) - weight;
                }
              }
            });
    return change;
  }

  private static Grid bestPerTile(ScaleSearch search, FitTask task, List<NumberFormat> candidates) {
    ScaleLayout layout = task.layout();
    short[] selector = new short[layout.count()];
    double[] least = new double[layout.count()];
    double[] scales = new double[layout.count()];
    for (int candidate = 0; candidate < candidates.size(); candidate++) {
      Grid grid = search.fit(task, candidates.get(candidate));
      double[] errors = tileErrors(task, grid);
      for (int tile = 0; tile < errors.length; tile++) {
        if (candidate == 0 || errors[tile] < least[tile]) {
          selector[tile] = (short) candidate;
          least[tile] = errors[tile];
          scales[tile] = grid.scale(tile);
        }
      }
    }
    return new Grid(
        task.scheme(),
        layout,
        FormatPalette.selected(candidates, selector),
        task.scheme().scaleCodec().encode(scales, layout, candidates.getFirst()),
        null);
  }

  /** Squared errors of nearest rounding, weighted by the diagonal of the moment if there is one. */
  private static double[] tileErrors(FitTask task, Grid grid) {
    FloatMatrix change = change(task, grid);
    Gram gram = usable(task.gram());
    float[] importance = gram == null ? null : gram.diagonal();
    ScaleLayout layout = grid.layout();
    int columns = layout.columns();
    double[] errors = new double[layout.count()];
    for (int row = 0; row < layout.rows(); row++) {
      for (int column = 0; column < columns; column++) {
        double error = change.data()[row * columns + column];
        double weight = importance == null ? 1 : importance[column];
        errors[layout.index(row, column)] += weight * error * error;
      }
    }
    return errors;
  }
}
