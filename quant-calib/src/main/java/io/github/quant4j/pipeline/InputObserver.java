// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.recipe.LayerInput;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.StatisticNeed;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what recipes need to know of a group's input, batch after batch: statistics of all
 * tokens, and a sample of tokens spread evenly over all of them.
 */
final class InputObserver {
  /** Enough for the searches; their cost grows with it. */
  private static final int SAMPLE_ROWS = 512;

  private final InputStatistics statistics;
  private final @Nullable FloatMatrix sample;
  private final long allTokens;
  private final LinearAlgebra algebra;
  private final KernelOptions options;
  private long seen;
  private int sampled;

  /**
   * Begins with no tokens.
   *
   * @param width input features
   * @param needs what must be known
   * @param allTokens how many tokens will come
   */
  InputObserver(int width, Set<StatisticNeed> needs, long allTokens, KernelOptions options) {
    this.statistics =
        needs.contains(StatisticNeed.GRAM)
            ? InputStatistics.withGram(width)
            : InputStatistics.ofChannels(width);
    int rows = (int) Math.min(SAMPLE_ROWS, allTokens);
    this.sample = FloatMatrix.zeros(rows, width);
    this.allTokens = allTokens;
    this.options = options;
    this.algebra = Kernels.linearAlgebra(options);
  }

  /**
   * Adds a batch.
   *
   * @param weights of the tokens, or null if all count alike
   */
  void add(SiteInput input, float @Nullable [] weights) {
    FloatMatrix rows = input.copy();
    if (weights == null) {
      statistics.add(rows, algebra, options.team());
    } else {
      statistics.add(rows, weights, algebra, options.team());
    }
    FloatMatrix kept = sample;
    for (int t = 0; kept != null && t < rows.rows(); t++) {
      if (sampled < kept.rows() && seen * kept.rows() / allTokens >= sampled) {
        System.arraycopy(
            rows.data(), t * rows.columns(), kept.data(), sampled * rows.columns(), rows.columns());
        sampled++;
      }
      seen++;
    }
  }

  LayerInput result() {
    LayerInput input = LayerInput.of(statistics);
    FloatMatrix kept = sample;
    if (kept == null || sampled == 0) {
      return input;
    }
    FloatMatrix rows = sampled == kept.rows() ? kept : kept.rowRange(0, sampled);
    return rows.isFinite() ? input.withSample(rows) : input;
  }
}
