// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import org.jspecify.annotations.Nullable;

/** What roundings by gradient descent on the output error of a layer have in common. */
sealed interface LearnedRounding extends Rounding permits AdaRound, FlexRound {

  /** Steps of the optimiser. */
  int iterations();

  /**
   * Learns the rounding of some rows.
   *
   * @param scales of all tiles; those of the rows may be changed to others that can be stored
   */
  void learn(LearnedSlab slab, double meanDiagonal, float[] scales);

  @Override
  default boolean needsGram() {
    return true;
  }

  @Override
  default RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    Gram gram = task.requireGram(label());
    byte[] codes = start == null ? NearestRounding.codes(task, null) : start;
    double mean = 0;
    for (float value : gram.diagonal()) {
      mean += value / (double) gram.size();
    }
    if (!GramCheck.isUsable(gram)) {
      return new RoundingResult(
          task.grid(), codes, new RoundingReport.Descent(label(), 0, 0, 0, 0));
    }
    double before = 0;
    double after = 0;
    int improved = 0;
    float[] scales = task.grid().scales().values().clone();
    for (int first = 0; first < task.weights().rows(); first += LearnedSlab.ROWS) {
      LearnedSlab slab = new LearnedSlab(task, gram, first, codes);
      learn(slab, mean, scales);
      before += slab.errorBefore();
      after += slab.errorAfter();
      improved += slab.improvedRows();
    }
    return new RoundingResult(
        LearnedScales.grid(task.grid(), scales),
        codes,
        new RoundingReport.Descent(label(), iterations(), before, after, improved));
  }
}
