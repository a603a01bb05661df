// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;

/**
 * Fits trellis-coded weights: the columns of each panel one after the other, as in QTIP (Tseng et
 * al., arXiv 2406.11235), but with columns of 128 rows in place of tiles, so that every column
 * makes up for the errors of all before it, as in {@link GptqRounding}. The order is that of the
 * sequences, all columns of one, then all of the next: what a column starts with is what the one
 * before it was ended with in view of it, so that a sequence of many columns costs what one long
 * column would.
 *
 * <p>A pass goes over all columns with the row scales at hand, then the scales are refitted in
 * closed form; the best pass of each panel counts. Sweeps of coordinate descent may follow: a
 * column's codes are found again, given all other columns, of which the next one is about to be
 * found again itself. The best codes count, so that the error never rises. Without a usable moment
 * there is no feedback, and no descent.
 *
 * <p>Panels do not depend on each other, and are what threads share. Cost of a pass or a sweep: the
 * {@linkplain TrellisViterbi Viterbi algorithm} for each weight, and {@code out in^2 / 2}
 * multiply-adds, or {@code out in^2} for a sweep. Memory: {@code 2 in^2} floats, of which half are
 * for the sweeps, and for each thread some {@code 512 in}.
 *
 * @param code what weights are made of
 * @param damping what is added to the diagonal of the moment, as a fraction of its mean, 0 to 1
 * @param passes with refitted scales, at least 1
 * @param sweeps of coordinate descent, at least 0
 */
public record TrellisFit(TrellisCodes.Entry code, double damping, int passes, int sweeps) {
  /** The most passes, and the most sweeps. */
  public static final int MOST_ROUNDS = 100;

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public TrellisFit {
    if (!(damping >= 0 && damping <= 1)) {
      throw new IllegalArgumentException("damp: " + damping + ", expected 0 to 1");
    }
    if (passes < 1 || passes > MOST_ROUNDS) {
      throw new IllegalArgumentException("passes: " + passes + ", expected 1 to " + MOST_ROUNDS);
    }
    if (sweeps < 0 || sweeps > MOST_ROUNDS) {
      throw new IllegalArgumentException("sweeps: " + sweeps + ", expected 0 to " + MOST_ROUNDS);
    }
  }

  /**
   * What was fitted.
   *
   * @param matrix the weights
   * @param report what happened to the moment; none without one
   */
  public record Result(TrellisMatrix matrix, Optional<RoundingReport> report) {}

  /**
   * Fits a matrix.
   *
   * @param weights {@code [out, in]}, finite; not changed
   * @param gram the second moment of the inputs; empty to minimise the squared error of the weights
   * @param label what to call this in the report
   * @param compute the linear algebra and the threads
   * @return the coded matrix
   */
  public Result fit(FloatMatrix weights, Optional<Gram> gram, String label, Compute compute) {
    int rows = weights.rows();
    int columns = weights.columns();
    int[] order = TrellisProblem.order(columns);
    Optional<FeedbackFactor> feedback =
        gram.map(moment -> FeedbackFactor.of(moment, order, damping, compute));
    Optional<LdlFactorization> factor = feedback.flatMap(FeedbackFactor::factor);
    TrellisProblem problem =
        new TrellisProblem(
            weights,
            code,
            factor.orElse(null),
            order,
            factor.isPresent() && sweeps > 0
                ? gram.map(moment -> permuted(moment, order, compute)).orElse(null)
                : null,
            feedback.map(FeedbackFactor::added).orElse(0.0),
            compute.sequential());
    byte[] codes = new byte[Math.multiplyExact(TrellisMatrix.paddedRows(rows), columns)];
    float[] scales = new float[rows];
    compute
        .team()
        .run(
            Math.ceilDiv(rows, TrellisMatrix.PANEL_ROWS),
            panel -> {
              TrellisPanel fitted = new TrellisPanel(problem, panel);
              fitted.fit(passes);
              if (factor.isPresent()) {
                fitted.descend(sweeps);
              }
              fitted.store(codes, scales);
            });
    return new Result(
        TrellisMatrix.pack(rows, columns, code.code(), codes, scales),
        feedback.map(found -> found.report(label, gram.map(Gram::deadInputs).orElse(0))));
  }

  /** The moment of the columns in another order. */
  private static float[] permuted(Gram gram, int[] order, Compute compute) {
    int size = order.length;
    float[] result = new float[gram.values().length];
    compute
        .team()
        .run(
            size,
            row -> {
              for (int j = 0; j < size; j++) {
                result[row * size + j] = gram.values()[order[row] * size + order[j]];
              }
            });
    return result;
  }
}
