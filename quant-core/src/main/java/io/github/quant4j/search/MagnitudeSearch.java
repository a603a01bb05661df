// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;

/**
 * Ranges from a statistic of the weights' magnitudes: a level of the largest magnitude stands for a
 * multiple of the mean or the median of {@code |w|} in its tile.
 *
 * <p>The mean times 1 is the scale of ternary weights in BitNet b1.58 and the one of least squared
 * error for binary weights; the median times 1 that of BitNet b1.58 Reloaded (Nielsen and
 * Schneider-Kamp, arXiv 2407.09527); the mean times 2 that of StatsQ (OFQ, Liu et al., arXiv
 * 2302.02210). Zero is within the range, and weights beyond it clip. Cost: one pass over the
 * weights, with sorting for the median.
 *
 * @param isMedian whether the median counts, not the mean
 * @param factor what it is multiplied by, above 0, at most 1000
 */
public record MagnitudeSearch(boolean isMedian, double factor) implements ScaleSearch {

  /**
   * Checks the factor.
   *
   * @throws IllegalArgumentException if it is out of range
   */
  public MagnitudeSearch {
    if (!(factor > 0 && factor <= 1000)) {
      throw new IllegalArgumentException("factor: " + factor + ", expected above 0, to 1000");
    }
  }

  @Override
  public Grid fit(FitTask task, NumberFormat format) {
    ScaleLayout layout = task.layout();
    double[] low = new double[layout.count()];
    double[] high = new double[layout.count()];
    task.compute()
        .team()
        .run(
            layout.count(),
            tile -> {
              float[] values = TileValues.counting(task, layout, tile);
              double reach = factor * (isMedian ? median(values) : mean(values));
              low[tile] = -reach;
              high[tile] = reach;
            });
    return new TileRanges(layout, low, high).grid(task.scheme(), format);
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += Math.abs(value);
    }
    return sum / values.length;
  }

  private static double median(float[] values) {
    float[] sorted = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      sorted[i] = Math.abs(values[i]);
    }
    Arrays.sort(sorted);
    return ((double) sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  @Override
  public String label() {
    return (isMedian ? ScaleSearches.MEDIAN : ScaleSearches.MEAN).label(this);
  }
}
