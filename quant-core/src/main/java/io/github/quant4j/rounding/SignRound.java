// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.Grid;
import org.jspecify.annotations.Nullable;

/**
 * SignRound, the method of AutoRound: learns an offset for each weight and the ends of each group's
 * range by signed gradient descent (Cheng et al., arXiv 2309.05516).
 *
 * <p>A weight becomes {@code s (clamp(round(w / s + z + v)) - z)}. Offsets {@code v} begin at zero
 * and change by at most one half in all with the default rate. The ends of the range that a group's
 * grid covers are multiplied by two factors, which begin at 1 and stay between 0 and 1; from them
 * follow the scale, as its codec stores it, and the integer zero point. Grids without zero points,
 * or whose zero points are not stored each by itself, have one factor for both ends; where rows
 * share scales, these stay. In each iteration every offset and factor goes by the rate against the
 * sign of its derivative of {@code tr(E H E^T)} over the whole second moment, with roundings taken
 * as the identity in the derivative; the rate falls to zero linearly. Each row keeps the best
 * codes, scales and zero points of all iterations, the start included.
 *
 * <p>After other roundings in a chain offsets begin where their codes are met: at zero for codes
 * that are nearest anyway, at up to one half for the neighbours of those, and farther for others,
 * which then only come nearer. The grid is that of the chain. Grids of other formats than integers
 * of one width are refused.
 *
 * <p>The paper minimises the error of the output of a block of layers on samples of a few
 * sequences; here it is the error of one layer over all of them.
 *
 * <p>Cost: {@code out in^2} multiply-adds for each iteration; memory: three times {@code in} times
 * 1024 floats.
 *
 * @param iterations steps, from 1 to 1000000
 * @param rate of the first step, above 0, to 1
 */
public record SignRound(int iterations, double rate) implements LearnedRounding {
  static final int DEFAULT_ITERATIONS = 200;

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public SignRound {
    Learning.require("signround", iterations, rate);
  }

  /**
   * As many iterations with the rate of the paper, one by their number.
   *
   * @param iterations steps, from 1 to 1000000
   * @return the rounding
   * @throws IllegalArgumentException if the number is out of range
   */
  public static SignRound of(int iterations) {
    return new SignRound(iterations, defaultRate(iterations));
  }

  /**
   * Two hundred iterations.
   *
   * @return the rounding with default settings
   */
  public static SignRound defaults() {
    return of(DEFAULT_ITERATIONS);
  }

  static double defaultRate(int iterations) {
    return 1.0 / Math.max(1, iterations);
  }

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    Grid grid = task.grid();
    if (!grid.palette().isUniform()
        || !(grid.palette().formats().getFirst() instanceof IntegerFormat)) {
      throw new IllegalArgumentException(
          "signround: needs integers of one width, as its ranges are those of integers; found "
              + grid.scheme());
    }
    return LearnedRounding.super.round(task, start);
  }

  @Override
  public boolean learnsZeros(Grid grid) {
    return grid.layout().isRowwise()
        && grid.zeroPoints().isPresent()
        && grid.scheme().scaleCodec().isIndependent();
  }

  @Override
  public void learn(LearnedSlab slab, double meanDiagonal, FittedScales scales) {
    SignedSteps steps = new SignedSteps(slab, scales);
    for (int iteration = 0; iteration < iterations; iteration++) {
      double current = rate * (iterations - iteration) / iterations;
      slab.forRows(row -> steps.step(row, current));
      slab.updateGradient();
      slab.forRows(steps::offer);
    }
  }

  @Override
  public String label() {
    return Roundings.SIGNED.label(this);
  }
}
