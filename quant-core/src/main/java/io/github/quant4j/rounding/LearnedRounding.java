// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import org.jspecify.annotations.Nullable;

/** What roundings by gradient descent on the output error of a layer have in common. */
sealed interface LearnedRounding extends Rounding permits AdaRound, FlexRound, SignRound {

  /** Steps of the optimiser. */
  int iterations();

  /**
   * Learns the rounding of some rows.
   *
   * @param scales of all tiles; those of the rows may be changed to others that can be stored
   */
  void learn(LearnedSlab slab, double meanDiagonal, FittedScales scales);

  /** Whether the zero points of a grid are learned. */
  default boolean learnsZeros(Grid grid) {
    return false;
  }

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
    FittedScales scales = FittedScales.of(task.grid(), learnsZeros(task.grid()));
    for (int first = 0; first < task.weights().rows(); first += LearnedSlab.ROWS) {
      LearnedSlab slab = new LearnedSlab(task, gram, first, codes);
      learn(slab, mean, scales);
      before += slab.errorBefore();
      after += slab.errorAfter();
      improved += slab.improvedRows();
    }
    return new RoundingResult(
        scales.isChanged() ? scales.fitted() : task.grid(),
        codes,
        new RoundingReport.Descent(label(), iterations(), before, after, improved));
  }
}
