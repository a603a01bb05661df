// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * Error feedback that keeps outliers apart (SpQR, Dettmers et al., arXiv 2306.03078), with the
 * threshold at which it keeps a wanted share of the weights.
 *
 * <p>A weight is kept if the square of its error by {@code U_jj}, with the Cholesky factor U of the
 * inverse moment, exceeds {@code tau mean_j(var_i(W_ij) / U_jj^2)}. The factor tau is found by
 * bisection, as what is kept changes what is left for later columns; each trial rounds the whole
 * matrix. Groups are fitted without the weights that would spoil them (leave-one-out).
 */
final class OutlierFeedback {
  /** That of the authors for groups of 16. */
  private static final double FIRST_TAU = 0.2;

  private static final double WIDER = 6;
  private static final int MOST_TRIALS = 20;

  /** What may be missing of the wanted share. */
  private static final double TOLERANCE = 0.01;

  private final RoundingTask task;
  private final GptqRounding rounding;
  private final LdlFactorization factor;
  private final int[] order;
  private final double[] pivots;
  private final double unit;

  OutlierFeedback(
      RoundingTask task, GptqRounding rounding, LdlFactorization factor, int[] order) {
    this.task = task;
    this.rounding = rounding;
    this.factor = factor;
    this.order = order;
    double[] diagonal = factor.diagonal();
    this.pivots = new double[order.length];
    for (int position = 0; position < order.length; position++) {
      pivots[order[position]] = diagonal[order.length - 1 - position];
    }
    this.unit = unit(task.weights(), pivots);
  }

  private static double unit(FloatMatrix weights, double[] pivots) {
    int rows = weights.rows();
    double unit = 0;
    for (int column = 0; column < pivots.length; column++) {
      double sum = 0;
      double squares = 0;
      for (int row = 0; row < rows; row++) {
        double weight = weights.get(row, column);
        sum += weight;
        squares += weight * weight;
      }
      double variance = Math.max(0, squares / rows - sum / rows * (sum / rows));
      unit += variance * pivots[column] / pivots.length;
    }
    // One row has no variance, but its errors still have an order.
    return unit > 0 ? unit : Double.MIN_NORMAL;
  }

  /** A whole rounding at some threshold. */
  private record Trial(double tau, Grid grid, byte[] codes, KeptWeights kept, int count) {}

  /** The rounding that keeps as many as wanted, or somewhat fewer. */
  OutlierRoundingResult keep(double share, DType stored, RoundingReport report) {
    int wanted = (int) Math.round(share * task.weights().data().length);
    int enough = wanted - Math.max(1, (int) (TOLERANCE * wanted));
    double tooLow = 0;
    double tooHigh = Double.POSITIVE_INFINITY;
    double tau = FIRST_TAU;
    Trial best = null;
    for (int trials = 0; trials < MOST_TRIALS; trials++) {
      Trial trial = run(tau, stored);
      if (trial.count() <= wanted) {
        best = best == null || trial.count() > best.count() ? trial : best;
        tooHigh = tau;
      } else {
        tooLow = tau;
      }
      if (best != null && best.count() >= enough) {
        break;
      }
      tau =
          tooLow == 0
              ? tooHigh / WIDER
              : tooHigh == Double.POSITIVE_INFINITY ? tooLow * WIDER : Math.sqrt(tooLow * tooHigh);
    }
    if (best == null) {
      best = run(Double.POSITIVE_INFINITY, stored);
    }
    return new OutlierRoundingResult(
        new RoundingResult(best.grid(), best.codes(), report),
        best.kept().places(),
        best.kept().values(),
        best.tau());
  }

  private Trial run(double tau, DType stored) {
    double threshold = tau * unit;
    KeptWeights kept = kept(threshold, stored);
    if (!CurrentGroups.isPossible(task.grid())) {
      return settled(tau, task.grid(), kept);
    }
    CurrentGroups groups = CurrentGroups.of(task).without(kept);
    byte[] codes = null;
    if (rounding.currentGroups()) {
      codes = sweep(kept).currentGroups(groups, null);
    } else {
      groups.fitAll();
    }
    Grid grid = groups.grid().orElse(null);
    if (codes != null && grid != null) {
      return new Trial(tau, grid, codes, kept, kept.count());
    }
    // Scales that share something are known when all are: a second rounding takes them as stored.
    return settled(tau, grid == null ? groups.encodedGrid() : grid, kept(threshold, stored));
  }

  private KeptWeights kept(double threshold, DType stored) {
    return new KeptWeights(task.weights().rows(), pivots, threshold, stored);
  }

  private Trial settled(double tau, Grid grid, KeptWeights kept) {
    byte[] codes =
        new FeedbackSweep(task.withGrid(grid), factor, order, rounding.block(), kept)
            .staticGroups(null);
    return new Trial(tau, grid, codes, kept, kept.count());
  }

  private FeedbackSweep sweep(@Nullable KeptWeights kept) {
    return new FeedbackSweep(task, factor, order, rounding.block(), kept);
  }
}
