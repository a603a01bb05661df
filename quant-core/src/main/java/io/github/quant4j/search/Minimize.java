// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.parallel.WorkerTeam;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;

/**
 * The one search behind smoothing exponents, clips, noise ranges and choices of format: the
 * argument at which an error is least.
 *
 * <p>All methods are deterministic: of equal errors the first candidate wins, and an error that is
 * not a number counts as infinite.
 */
public final class Minimize {
  private Minimize() {}

  /**
   * What was found.
   *
   * @param <T> kind of argument
   * @param argument the best candidate
   * @param error its error
   */
  public record Minimum<T>(T argument, double error) {}

  /**
   * Tries every candidate.
   *
   * @param <T> kind of argument
   * @param candidates at least one
   * @param error the error of a candidate
   * @return the best one
   * @throws IllegalArgumentException if there is no candidate
   */
  public static <T> Minimum<T> argmin(List<T> candidates, ToDoubleFunction<? super T> error) {
    return argmin(candidates, error, WorkerTeam.sequential());
  }

  /**
   * Tries every candidate, several at a time.
   *
   * @param <T> kind of argument
   * @param candidates at least one
   * @param error the error of a candidate; may be called from several threads at once
   * @param team the threads
   * @return the best one, whatever the threads
   * @throws IllegalArgumentException if there is no candidate
   */
  public static <T> Minimum<T> argmin(
      List<T> candidates, ToDoubleFunction<? super T> error, WorkerTeam team) {
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException("candidates: none, expected at least one");
    }
    double[] errors = new double[candidates.size()];
    team.run(errors.length, i -> errors[i] = error.applyAsDouble(candidates.get(i)));
    int best = 0;
    for (int i = 1; i < errors.length; i++) {
      if (isLess(errors[i], errors[best])) {
        best = i;
      }
    }
    return new Minimum<>(candidates.get(best), errors[best]);
  }

  private static boolean isLess(double a, double b) {
    return a < b || !Double.isNaN(a) && Double.isNaN(b);
  }

  /**
   * Evenly spaced candidates.
   *
   * @param from the first one
   * @param to the last one
   * @param count how many, at least 1; one alone is {@code from}
   * @return the candidates in order
   * @throws IllegalArgumentException if the count is less than 1 or an end is not finite
   */
  public static List<Double> grid(double from, double to, int count) {
    if (count < 1 || !Double.isFinite(from) || !Double.isFinite(to)) {
      throw new IllegalArgumentException(
          "grid: "
              + count
              + " points from "
              + from
              + " to "
              + to
              + ", expected at least 1, finite");
    }
    Double[] points = new Double[count];
    for (int i = 0; i < count; i++) {
      points[i] = count == 1 ? from : from + (to - from) * i / (count - 1);
    }
    return List.of(points);
  }

  /**
   * A grid, then finer ones around the best point so far (the progressive search of AdaLog, Wu et
   * al., arXiv 2407.12951). The best point of all rounds wins, so that more rounds never do worse.
   *
   * @param from lower end
   * @param to upper end, above the lower one
   * @param count points of each grid, at least 3
   * @param rounds how many grids, at least 1
   * @param error the function, called {@code count rounds} times
   * @return the best argument that was tried
   * @throws IllegalArgumentException if the interval is empty or a number is too small
   */
  public static Minimum<Double> coarseToFine(
      double from, double to, int count, int rounds, DoubleUnaryOperator error) {
    if (!(from < to) || count < 3 || rounds < 1) {
      throw new IllegalArgumentException(
          "search: "
              + rounds
              + " grids of "
              + count
              + " points from "
              + from
              + " to "
              + to
              + ", expected from < to, at least 3 points and 1 grid");
    }
    double low = from;
    double high = to;
    Minimum<Double> best = null;
    for (int round = 0; round < rounds; round++) {
      double step = (high - low) / (count - 1);
      Minimum<Double> found = argmin(grid(low, high, count), error::applyAsDouble);
      if (best == null || isLess(found.error(), best.error())) {
        best = found;
      }
      low = Math.max(from, best.argument() - step);
      high = Math.min(to, best.argument() + step);
    }
    return java.util.Objects.requireNonNull(best);
  }
}
