// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.parallel.WorkerTeam;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Sums of likelihoods and differences, and the arrays that logits pass through. Rows are scored on
 * several threads and summed in the order of the text.
 */
final class Scores {
  /** Logits that are in memory at a time: 16 MB of them. */
  private static final int LOGITS_AT_ONCE = 1 << 22;

  private static final int ROWS_IN_PART = 8;
  private static final double NANOS = 1e9;
  private static final EvaluationResult.Window NO_TOKENS = new EvaluationResult.Window(0, 0, 0, 0);

  private final int context;
  private final int vocabulary;
  private final WorkerTeam team;
  private final int rowsAtOnce;
  private final float[] predicted;
  private final float[] expected;
  private final double[] rowLoss;
  private final double[] rowDivergence;
  private final boolean[] rowAgreement;
  private double negativeLogLikelihood;
  private double divergence;
  private long agreements;
  private long tokens;
  private long nanos;
  private int windowsBefore;
  private final List<EvaluationResult.Window> each = new ArrayList<>();
  private EvaluationResult.Window window = NO_TOKENS;

  /**
   * Begins an evaluation.
   *
   * @param compared whether there is a reference
   */
  Scores(int context, int vocabulary, boolean compared, WorkerTeam team) {
    this.context = context;
    this.vocabulary = vocabulary;
    this.team = team;
    this.rowsAtOnce = Math.max(1, LOGITS_AT_ONCE / vocabulary);
    this.predicted = new float[Math.multiplyExact(rowsAtOnce, vocabulary)];
    this.expected = new float[compared ? predicted.length : 0];
    this.rowLoss = new double[rowsAtOnce];
    this.rowDivergence = new double[rowsAtOnce];
    this.rowAgreement = new boolean[rowsAtOnce];
  }

  private boolean isCompared() {
    return expected.length > 0;
  }

  int rowsAtOnce() {
    return rowsAtOnce;
  }

  /** Receives the model's logits. */
  float[] predicted() {
    return predicted;
  }

  /** Receives the reference's logits. */
  float[] expected() {
    return expected;
  }

  void spent(long time) {
    nanos += time;
  }

  /** Scores the predictions for some rows of a batch; the last one of a window predicts nothing. */
  void add(List<int[]> windows, int firstRow, int rows) {
    team.run(
        Math.ceilDiv(rows, ROWS_IN_PART),
        part -> {
          int to = Math.min(rows, (part + 1) * ROWS_IN_PART);
          for (int r = part * ROWS_IN_PART; r < to; r++) {
            int position = (firstRow + r) % context;
            if (position + 1 < context) {
              score(r, windows.get((firstRow + r) / context)[position + 1]);
            }
          }
        });
    for (int r = 0; r < rows; r++) {
      int position = (firstRow + r) % context;
      if (position + 1 < context) {
        sum(r, windowsBefore + (firstRow + r) / context, position);
      }
    }
  }

  private void sum(int row, int window, int position) {
    if (!Double.isFinite(rowLoss[row]) || !Double.isFinite(rowDivergence[row])) {
      throw new ArithmeticException(
          "the prediction at position " + position + " of window " + window + " is not finite");
    }
    negativeLogLikelihood += rowLoss[row];
    divergence += rowDivergence[row];
    agreements += rowAgreement[row] ? 1 : 0;
    tokens++;
    EvaluationResult.Window scored =
        new EvaluationResult.Window(
            this.window.tokens() + 1,
            this.window.negativeLogLikelihood() + rowLoss[row],
            this.window.divergence() + rowDivergence[row],
            this.window.agreements() + (rowAgreement[row] ? 1 : 0));
    boolean isLast = position + 2 == context;
    if (isLast) {
      each.add(scored);
    }
    this.window = isLast ? NO_TOKENS : scored;
  }

  void finish(int windows) {
    windowsBefore += windows;
  }

  private void score(int row, int next) {
    int at = row * vocabulary;
    double normalizer = LogProbabilities.normalizer(predicted, at, vocabulary);
    rowLoss[row] = normalizer - predicted[at + next];
    if (isCompared()) {
      compare(row, at, normalizer, LogProbabilities.normalizer(expected, at, vocabulary));
    }
  }

  private void compare(int row, int at, double normalizer, double expectedNormalizer) {
    double sum = 0;
    int likeliest = 0;
    int expectedLikeliest = 0;
    for (int i = 0; i < vocabulary; i++) {
      double expectedLog = expected[at + i] - expectedNormalizer;
      double difference = expectedLog - (predicted[at + i] - normalizer);
      // A token that the reference excludes adds nothing.
      sum += expectedLog == Double.NEGATIVE_INFINITY ? 0 : Math.exp(expectedLog) * difference;
      if (predicted[at + i] > predicted[at + likeliest]) {
        likeliest = i;
      }
      if (expected[at + i] > expected[at + expectedLikeliest]) {
        expectedLikeliest = i;
      }
    }
    rowDivergence[row] = sum;
    rowAgreement[row] = likeliest == expectedLikeliest;
  }

  EvaluationResult result(int windows) {
    return new EvaluationResult(
        negativeLogLikelihood / tokens,
        tokens,
        windows,
        nanos / NANOS,
        isCompared()
            ? Optional.of(
                new EvaluationResult.Comparison(divergence / tokens, (double) agreements / tokens))
            : Optional.empty(),
        each);
  }
}
