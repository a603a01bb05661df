// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import org.jspecify.annotations.Nullable;

/**
 * Cyclic coordinate descent on the output error (QuantEase, Behdin et al., arXiv 2309.01885): one
 * column after the other is set to the grid value that is best while all others stay, in all rows
 * at once.
 *
 * <p>The second of every three sweeps, unless it is the last one, leaves the grid: columns are set
 * to the best real number, and the next sweep rounds again. This relaxation gets out of local
 * minima, so that the error may rise in between; each row keeps the best codes it had after any
 * sweep on the grid, the start included. The start is that of the chain, or nearest values.
 *
 * <p>Cost: {@code out in^2} multiply-adds for each sweep and once more for the start; memory: twice
 * {@code in} times 2048 floats.
 *
 * @param sweeps passes over all columns, from 1 to 1000
 * @param relaxed whether some sweeps leave the grid
 * @param activationOrder whether columns go by descending diagonal of the moment
 */
public record CoordinateDescent(int sweeps, boolean relaxed, boolean activationOrder)
    implements Rounding {
  private static final int RELAXATION_PERIOD = 3;

  /**
   * Checks the number of sweeps.
   *
   * @throws IllegalArgumentException if it is not from 1 to 1000
   */
  public CoordinateDescent {
    if (sweeps < 1 || sweeps > 1000) {
      throw new IllegalArgumentException("cd: " + sweeps + " sweeps, expected 1 to 1000");
    }
  }

  /**
   * Relaxed sweeps in natural order.
   *
   * @param sweeps passes over all columns, from 1 to 1000
   * @return the rounding
   * @throws IllegalArgumentException if the number is out of range
   */
  public static CoordinateDescent of(int sweeps) {
    return new CoordinateDescent(sweeps, true, false);
  }

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    Gram gram = task.requireGram(label());
    byte[] codes = start == null ? NearestRounding.codes(task, null) : start;
    float[] diagonal = gram.diagonal();
    double mean = 0;
    for (float value : diagonal) {
      mean += value / (double) diagonal.length;
    }
    if (!GramCheck.isUsable(gram)) {
      return new RoundingResult(
          task.grid(), codes, new RoundingReport.Descent(label(), 0, 0, 0, 0));
    }
    int[] order =
        activationOrder ? ColumnOrder.descending(diagonal) : ColumnOrder.natural(diagonal.length);
    DescentSweep sweep = new DescentSweep(task, gram, order, mean);
    sweep.run(codes, sweeps, this::leavesGrid);
    return new RoundingResult(
        task.grid(),
        codes,
        new RoundingReport.Descent(
            label(), sweeps, sweep.errorBefore(), sweep.errorAfter(), sweep.improvedRows()));
  }

  private boolean leavesGrid(int sweep) {
    return relaxed && sweep % RELAXATION_PERIOD == 1 && sweep != sweeps - 1;
  }

  @Override
  public boolean needsGram() {
    return true;
  }

  @Override
  public String label() {
    return Roundings.DESCENT.label(this);
  }
}
