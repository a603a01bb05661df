// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.rounding.RoundingReport.Feedback.Outcome;
import io.github.quant4j.statistic.Gram;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The factor of a damped second moment that error feedback needs, and how it was obtained.
 *
 * <p>With the inputs in processing order, {@code H = U D U^T} and {@code U} unit upper triangular,
 * {@code tr(E H E^T) = sum_j d_j |e_j + sum_{k<j} e_k U[k][j]|^2}: each column, in order, is
 * rounded to make up for the errors of those before it. That is the same as the textbook form of
 * GPTQ with the Cholesky factor of the inverse, and needs no inverse. The factor is that of the
 * reversed matrix: position {@code p} of the processing order is row {@code size - 1 - p}.
 */
final class FeedbackFactor {
  /** Damping stops at the mean diagonal itself. */
  private static final double LARGEST_DAMPING = 1;

  private static final double FIRST_DAMPING = 0.01;
  private static final double SMALLEST_FLOOR = 1e-6;
  private static final int ROWS_IN_PART = 32;

  /** Pivots are at least the damping in exact arithmetic; well below it they are noise. */
  private static final double TRUSTED_PIVOT = 0.25;

  private final Gram gram;
  private final int[] order;
  private final Compute compute;
  private @Nullable LdlFactorization factor;
  private double damping;
  private double added;
  private int attempts;
  private Outcome outcome = Outcome.NEAREST;

  private FeedbackFactor(Gram gram, int[] order, Compute compute) {
    this.gram = gram;
    this.order = order;
    this.compute = compute;
  }

  /**
   * Climbs the ladder: damping times ten up to the mean diagonal, then a floor under the diagonal
   * times ten up to its maximum, then none.
   */
  static FeedbackFactor of(Gram gram, int[] order, double damping, Compute compute) {
    FeedbackFactor result = new FeedbackFactor(gram, order, compute);
    result.climb(damping);
    return result;
  }

  private void climb(double firstDamping) {
    double mean = 0;
    double largest = 0;
    for (float value : gram.diagonal()) {
      // As in the authors' code, an input that was always zero counts as one of unit variance.
      mean += (value == 0 ? gram.weight() : value) / gram.size();
      largest = Math.max(largest, value);
    }
    damping = firstDamping;
    // A sum that is NaN or infinite has met a broken moment, and zero an empty one.
    if (!(mean > 0) || mean > Float.MAX_VALUE || largest == 0) {
      return;
    }
    float[] work = new float[gram.values().length];
    for (double fraction = firstDamping; ; fraction = next(fraction)) {
      damping = Math.min(fraction, LARGEST_DAMPING);
      added = damping * mean;
      if (attempt(work, added, 0, Math.max(TRUSTED_PIVOT * added, Double.MIN_NORMAL))) {
        outcome = Outcome.DAMPED;
        return;
      }
      if (damping >= LARGEST_DAMPING) {
        break;
      }
    }
    for (double floor = SMALLEST_FLOOR; floor < 2; floor *= 10) {
      if (attempt(work, damping * mean, floor * largest, SMALLEST_FLOOR * mean)) {
        outcome = Outcome.DIAGONAL_FLOOR;
        return;
      }
    }
  }

  private static double next(double fraction) {
    return fraction == 0 ? FIRST_DAMPING : 10 * fraction;
  }

  private boolean attempt(float[] work, double added, double floor, double smallestPivot) {
    attempts++;
    gather(work, added, floor);
    Optional<LdlFactorization> found =
        LdlFactorization.overwrite(work, gram.size(), smallestPivot, compute);
    factor = found.orElse(null);
    return found.isPresent();
  }

  /** Copies the upper triangle of the reversed, damped moment. */
  private void gather(float[] work, double added, double floor) {
    int size = gram.size();
    float[] values = gram.values();
    compute
        .team()
        .run(
            Math.ceilDiv(size, ROWS_IN_PART),
            part -> {
              int end = Math.min(size, (part + 1) * ROWS_IN_PART);
              for (int i = part * ROWS_IN_PART; i < end; i++) {
                int from = order[size - 1 - i] * size;
                for (int j = i; j < size; j++) {
                  work[i * size + j] = values[from + order[size - 1 - j]];
                }
                work[i * size + i] = (float) Math.max(work[i * size + i] + added, floor);
              }
            });
  }

  /** The factor of the reversed matrix, or empty if none was found. */
  Optional<LdlFactorization> factor() {
    return Optional.ofNullable(factor);
  }

  /** What damping has added to each element of the diagonal. */
  double added() {
    return added;
  }

  RoundingReport report(String label, int deadColumns) {
    return new RoundingReport.Feedback(label, damping, attempts, outcome, deadColumns);
  }
}
