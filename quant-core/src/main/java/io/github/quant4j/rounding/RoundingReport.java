// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import java.util.Locale;

/** What happened in one rounding of a chain, for a person to read and a program to store. */
public sealed interface RoundingReport {

  /**
   * The rounding.
   *
   * @return its text form
   */
  String step();

  /**
   * One line for logs and reports.
   *
   * @return for example {@code gptq: damping 0.01 of the mean diagonal, 3 dead columns}
   */
  String describe();

  /**
   * A rounding that cannot fail and measures nothing.
   *
   * @param step the rounding
   */
  record Simple(String step) implements RoundingReport {
    @Override
    public String describe() {
      return step;
    }
  }

  /**
   * A rounding with error feedback.
   *
   * @param step the rounding
   * @param damping what was added to the diagonal of the moment, as a fraction of its mean
   * @param attempts factorisations that were tried, at least 1 unless the moment was unusable
   * @param outcome how the moment was made positive definite
   * @param deadColumns inputs that were always zero
   */
  record Feedback(String step, double damping, int attempts, Outcome outcome, int deadColumns)
      implements RoundingReport {

    /** The step of the ladder that was reached. */
    public enum Outcome {
      /** Damping was enough. */
      DAMPED,
      /** The diagonal had to be raised to a floor. */
      DIAGONAL_FLOOR,
      /** There is no usable moment: weights were rounded to nearest. */
      NEAREST
    }

    @Override
    public String describe() {
      String how =
          switch (outcome) {
            case DAMPED -> "damping " + damping + " of the mean diagonal";
            case DIAGONAL_FLOOR -> "damping " + damping + " and a floor under the diagonal";
            case NEAREST -> "no usable second moment, rounded to nearest";
          };
      return step
          + ": "
          + how
          + (attempts > 1 ? ", " + attempts + " attempts" : "")
          + (deadColumns > 0 ? ", " + deadColumns + " dead columns" : "");
    }
  }

  /**
   * A rounding that lowers the output error step by step.
   *
   * @param step the rounding
   * @param rounds sweeps or iterations done, 0 if the moment was unusable
   * @param errorBefore {@code tr(E H E^T)} at the start
   * @param errorAfter {@code tr(E H E^T)} at the end, not above the start
   * @param improvedRows outputs whose codes changed for the better
   */
  record Descent(String step, int rounds, double errorBefore, double errorAfter, int improvedRows)
      implements RoundingReport {
    @Override
    public String describe() {
      return rounds == 0
          ? step + ": no usable second moment, nothing changed"
          : String.format(
              Locale.ROOT,
              "%s: output error %.6g to %.6g in %d rounds, %d rows improved",
              step,
              errorBefore,
              errorAfter,
              rounds,
              improvedRows);
    }
  }
}
