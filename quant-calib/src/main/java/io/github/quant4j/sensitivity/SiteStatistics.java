// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.RowReservoir;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Set;

/** What the layers of a group read, gathered batch after batch. */
final class SiteStatistics {
  private static final int SAMPLE_ROWS = 512;

  private final InputStatistics statistics;
  private final RowReservoir sample;
  private final Compute compute;
  private long tokens;

  SiteStatistics(int width, Set<StatisticNeed> needs, Compute compute) {
    InputStatistics plain = InputStatistics.withGram(width);
    this.statistics = needs.contains(StatisticNeed.QUANTILES) ? plain.sketchingQuantiles() : plain;
    this.sample = RowReservoir.of(width, SAMPLE_ROWS);
    this.compute = compute;
  }

  void add(FloatMatrix rows) {
    statistics.add(rows, compute);
    for (int t = 0; t < rows.rows(); t++, tokens++) {
      sample.add(rows.data(), t * rows.columns(), tokens);
    }
  }

  LayerInput result() {
    return LayerInput.of(statistics).withSample(sample.rows());
  }
}
