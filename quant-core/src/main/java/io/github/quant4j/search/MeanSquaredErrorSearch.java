// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Shrinks each tile's range to where the rounding error is least: the candidates are the full range
 * times {@code 1 - i / steps} for {@code i} from 0 to {@code shrink * steps}, and the error of a
 * tile is {@code sum |q(w) - w|^exponent}.
 *
 * <p>This is the grid search of GPTQ's reference code (Frantar et al., arXiv 2210.17323), which
 * uses exponent 2.4; 2 minimises the mean squared error. Cost: one rounding of the matrix for each
 * candidate.
 *
 * @param exponent of the error, positive
 * @param steps candidates from the full range down to zero, at least 1
 * @param shrink the share of them that is tried, from 0 to 1
 */
public record MeanSquaredErrorSearch(double exponent, int steps, double shrink)
    implements ScaleSearch {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public MeanSquaredErrorSearch {
    if (!(exponent > 0) || exponent > 100) {
      throw new IllegalArgumentException("exponent: " + exponent + ", expected above 0, to 100");
    }
    if (steps < 1 || steps > 10_000) {
      throw new IllegalArgumentException("steps: " + steps + ", expected 1 to 10000");
    }
    if (!(shrink >= 0 && shrink <= 1)) {
      throw new IllegalArgumentException("shrink: " + shrink + ", expected 0 to 1");
    }
  }

  /**
   * The squared error, and ranges down to one fifth in hundredths.
   *
   * @return the usual search
   */
  public static MeanSquaredErrorSearch defaults() {
    return new MeanSquaredErrorSearch(2, 100, 0.8);
  }

  @Override
  public Grid fit(
      FloatMatrix weights,
      QuantScheme scheme,
      @Nullable Gram gram,
      LinearAlgebra algebra,
      WorkerTeam team) {
    TileRanges full = TileRanges.of(weights, scheme);
    double[] best = new double[full.layout.count()];
    double[] bestError = new double[best.length];
    Arrays.fill(bestError, Double.POSITIVE_INFINITY);
    for (int i = 0; i <= shrink * steps && i < steps; i++) {
      double factor = 1 - (double) i / steps;
      double[] error = errors(weights, full.scaled(factor).grid(scheme), team);
      for (int tile = 0; tile < best.length; tile++) {
        if (error[tile] < bestError[tile]) {
          bestError[tile] = error[tile];
          best[tile] = factor;
        }
      }
    }
    return full.scaled(best).grid(scheme);
  }

  /** Error of each tile; split by rows of tiles, so that no two threads add to one tile. */
  private double[] errors(FloatMatrix weights, Grid grid, WorkerTeam team) {
    ScaleLayout layout = grid.layout();
    double[] errors = new double[layout.count()];
    float[] data = weights.data();
    int columns = weights.columns();
    team.run(
        layout.scaleRows(),
        part -> {
          int end = Math.min(weights.rows(), (part + 1) * layout.blockRows());
          for (int row = part * layout.blockRows(); row < end; row++) {
            for (int column = 0; column < columns; column++) {
              float weight = data[row * columns + column];
              double error = Math.abs((double) grid.nearest(row, column, weight) - weight);
              errors[layout.index(row, column)] +=
                  exponent == 2 ? error * error : Math.pow(error, exponent);
            }
          }
        });
    return errors;
  }

  @Override
  public String label() {
    return exponent == 2 ? "mse" : "mse(" + exponent + ")";
  }
}
