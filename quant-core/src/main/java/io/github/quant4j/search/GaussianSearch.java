// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;

/**
 * The range at which the format's mean squared error is least if the weights of a tile are normally
 * distributed (QuEST, Panferov et al., arXiv 2502.05003): fitted to the tile's spread alone, so
 * that single large weights do not stretch it. Meant for rotated weights.
 *
 * <p>Symmetric schemes take the spread around zero, asymmetric ones that around the mean. Ranges
 * never exceed those of the weights. Cost: one pass over the weights.
 */
public record GaussianSearch() implements ScaleSearch {
  @Override
  public Grid fit(FitTask task, NumberFormat format) {
    ScaleLayout layout = task.layout();
    TileRanges full = TileRanges.of(task.weights(), layout);
    boolean symmetric = task.scheme().symmetric();
    double scale = symmetric ? GaussianScale.of(format) : GaussianScale.ofRange(format);
    double half = ((double) format.maximum() - format.minimum()) / 2;
    double[] low = new double[layout.count()];
    double[] high = new double[layout.count()];
    task.compute()
        .team()
        .run(
            low.length,
            tile -> {
              float[] values = TileValues.counting(task, layout, tile);
              double center = symmetric ? 0 : mean(values);
              double spread = spread(values, center);
              if (symmetric) {
                double whole = TileRanges.scale(format, true, full.low[tile], full.high[tile]);
                double factor = whole == 0 ? 1 : Math.min(1, scale * spread / whole);
                low[tile] = full.low[tile] * factor;
                high[tile] = full.high[tile] * factor;
              } else {
                double reach = scale * half * spread;
                low[tile] = Math.clamp(center - reach, full.low[tile], 0);
                high[tile] = Math.clamp(center + reach, 0, full.high[tile]);
              }
            });
    return new TileRanges(layout, low, high).grid(task.scheme(), format);
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double spread(float[] values, double center) {
    double sum = 0;
    for (float value : values) {
      sum += (value - center) * (value - center);
    }
    return Math.sqrt(sum / values.length);
  }

  @Override
  public String label() {
    return "gaussian";
  }
}
