// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import org.jspecify.annotations.Nullable;

/**
 * Scales that are fitted to the codes under the whole second moment, in turn with coordinate
 * descent on the codes: a rounding that changes the grid.
 *
 * <p>For the codes of a row the output error {@code (w - q(s))^T H (w - q(s))} is a quadratic form
 * of the scales {@code s} of its groups. The scales at its minimum solve a small system of linear
 * equations; they are rounded as the codec stores them, and then each in turn goes to the best one
 * that can be stored, its integer zero point by one up or down with it. What scales share in a
 * codec (NVFP4's scale of the matrix, second-order bases and steps, scales of rows) is chosen anew
 * if that is better on the whole. Then each group of each row tries scales and zero points near its
 * own with its codes rounded anew, in view of the errors of all other weights: coarse scales, such
 * as powers of two, only change with their codes. Fitted code books have their levels fitted
 * instead.
 *
 * <p>The error never rises: scales change only where that lowers it, and {@link CoordinateDescent}
 * keeps the best codes of each row. Weights that are kept elsewhere are no special case: what is
 * left of them is rounded like all others, and the error is that of the sum.
 *
 * <p>Least squares for the grid in turn with a search for codes is how AQLM fits its code books
 * (Egiazarian et al., arXiv 2401.06118, section 3.3). Here all groups of a row are solved together,
 * up to 64 of them.
 *
 * <p>Cost for each round: that of the sweeps, and of three to five more. Memory: four times {@code
 * in} times 2048 floats (or the rows of a tile that is higher), 64 MiB for the equations, and a
 * copy of the moment.
 *
 * @param rounds how often scales are fitted, from 1 to 100
 * @param sweeps of coordinate descent after each fit, from 1 to 1000
 * @param damping what is added to the diagonal of the moment, as a share of its mean, from 0 to 1:
 *     the error that never rises has this share of the squared error of the weights in it, without
 *     which few inputs would be fitted at the expense of all others
 */
public record ScaleRefit(int rounds, int sweeps, double damping) implements Rounding {
  static final int DEFAULT_SWEEPS = 4;
  static final double DEFAULT_DAMPING = 0.01;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public ScaleRefit {
    if (rounds < 1 || rounds > 100) {
      throw new IllegalArgumentException("refit: " + rounds + " rounds, expected 1 to 100");
    }
    if (sweeps < 1 || sweeps > 1000) {
      throw new IllegalArgumentException("refit: " + sweeps + " sweeps, expected 1 to 1000");
    }
    if (!(damping >= 0 && damping <= 1)) {
      throw new IllegalArgumentException("damp: " + damping + ", expected 0 to 1");
    }
  }

  /**
   * Four sweeps after each fit, damping of one hundredth.
   *
   * @param rounds how often scales are fitted, from 1 to 100
   * @return the rounding
   * @throws IllegalArgumentException if the number is out of range
   */
  public static ScaleRefit of(int rounds) {
    return new ScaleRefit(rounds, DEFAULT_SWEEPS, DEFAULT_DAMPING);
  }

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    Gram given = task.requireGram(label());
    byte[] codes = start == null ? NearestRounding.codes(task, null) : start;
    if (!GramCheck.isUsable(given)) {
      return new RoundingResult(
          task.grid(), codes, new RoundingReport.Descent(label(), 0, 0, 0, 0));
    }
    byte[] before = codes.clone();
    Gram gram = damped(given);
    CoordinateDescent descent = CoordinateDescent.of(sweeps);
    RoundingTask current = task.withGram(gram);
    double errorBefore = 0;
    double errorAfter = 0;
    for (int round = 0; round < rounds; round++) {
      Fit fit = Fit.of(current, gram, codes);
      errorBefore = round == 0 ? fit.errorBefore() : errorBefore;
      current = current.withGrid(fit.grid());
      if (ScaleDescent.isPossible(current.grid())) {
        current =
            current.withGrid(new ScaleDescent(current, gram.values(), mean(gram)).improve(codes));
      }
      RoundingResult improved = descent.round(current, codes);
      codes = improved.codes();
      if (improved.report() instanceof RoundingReport.Descent report) {
        errorAfter = report.errorAfter();
      }
    }
    int changed = changedRows(task.grid(), before, current.grid(), codes);
    return new RoundingResult(
        current.grid(),
        codes,
        new RoundingReport.Descent(label(), rounds, errorBefore, errorAfter, changed));
  }

  private static double mean(Gram gram) {
    double mean = 0;
    for (float value : gram.diagonal()) {
      mean += value / (double) gram.size();
    }
    return mean;
  }

  /** The moment with more on its diagonal, except where inputs were always zero. */
  private Gram damped(Gram gram) {
    Gram damped = gram.copy();
    double added = damping * mean(gram);
    for (int i = 0; i < gram.size(); i++) {
      int at = i * gram.size() + i;
      damped.values()[at] += gram.values()[at] > 0 ? (float) added : 0;
    }
    return damped;
  }

  /** A fitted grid and the error before. */
  private record Fit(Grid grid, double errorBefore) {
    static Fit of(RoundingTask task, Gram gram, byte[] codes) {
      if (task.grid().palette().isFitted()) {
        LevelFitting fitting = new LevelFitting(task, gram.values(), codes);
        return new Fit(fitting.fit(), fitting.errorBefore());
      }
      ScaleFitting fitting = new ScaleFitting(task, gram.values(), codes);
      return new Fit(fitting.fit(), fitting.errorBefore());
    }
  }

  /** Nothing changes but for the better. */
  private static int changedRows(Grid before, byte[] codes, Grid after, byte[] newCodes) {
    int columns = before.layout().columns();
    int changed = 0;
    for (int row = 0; row < before.layout().rows(); row++) {
      boolean same = true;
      for (int column = 0; same && column < columns; column++) {
        int at = row * columns + column;
        same =
            before.decode(row, column, codes[at] & 0xff)
                == after.decode(row, column, newCodes[at] & 0xff);
      }
      changed += same ? 0 : 1;
    }
    return changed;
  }

  @Override
  public boolean needsGram() {
    return true;
  }

  @Override
  public String label() {
    return Roundings.REFIT.label(this);
  }
}
