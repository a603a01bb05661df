// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;

/**
 * Ranges that cut off a fixed share of each tile's weights: the given percentile of magnitudes for
 * symmetric schemes, that percentile and its counterpart at the lower end for asymmetric ones; zero
 * included. Between two weights it is interpolated.
 *
 * <p>Cost: sorting the weights of each tile.
 *
 * @param percentile from 50 to 100
 */
public record PercentileSearch(double percentile) implements ScaleSearch {

  /**
   * Checks the percentile.
   *
   * @throws IllegalArgumentException if it is not from 50 to 100
   */
  public PercentileSearch {
    if (!(percentile >= 50 && percentile <= 100)) {
      throw new IllegalArgumentException("percentile: " + percentile + ", expected 50 to 100");
    }
  }

  @Override
  public Grid fit(FitTask task, NumberFormat format) {
    ScaleLayout layout = task.layout();
    double[] low = new double[layout.count()];
    double[] high = new double[layout.count()];
    boolean symmetric = task.scheme().symmetric();
    task.compute()
        .team()
        .run(
            layout.count(),
            tile -> {
              float[] values = TileValues.counting(task, layout, tile);
              if (symmetric) {
                for (int i = 0; i < values.length; i++) {
                  values[i] = Math.abs(values[i]);
                }
              }
              Arrays.sort(values);
              high[tile] = Math.max(0, quantile(values, percentile / 100));
              low[tile] =
                  symmetric ? -high[tile] : Math.min(0, quantile(values, 1 - percentile / 100));
            });
    return new TileRanges(layout, low, high).grid(task.scheme(), format);
  }

  private static double quantile(float[] sorted, double share) {
    double position = share * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (position - below) * ((double) sorted[above] - sorted[below]);
  }

  @Override
  public String label() {
    return ScaleSearches.PERCENTILE.label(this);
  }
}
