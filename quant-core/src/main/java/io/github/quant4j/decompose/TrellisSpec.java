// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.rounding.TrellisFit;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Trellis-coded weights with a scale for each row, fitted as {@link TrellisFit} says.
 *
 * @param bits of a code, 2 to 4
 * @param window bits of a state: more are closer to the weights and take longer to fit, twice as
 *     long for each, and nothing more to serve
 * @param planes of signs: more are closer to the weights, and take longer to serve
 * @param damping what is added to the diagonal of the moment, as a fraction of its mean
 * @param sweeps of coordinate descent
 * @param isPlain whether the squared error of the weights is minimised, and not that of the output,
 *     so that nothing need be known of the input
 */
public record TrellisSpec(
    int bits, int window, int planes, double damping, int sweeps, boolean isPlain)
    implements TermSpec {
  static final int DEFAULT_WINDOW = 10;
  static final double DEFAULT_DAMPING = 0.01;
  static final int DEFAULT_SWEEPS = 1;

  /** A second pass with refitted scales gains a thousandth. */
  private static final int PASSES = 1;

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if there is no such code, or an option is out of range
   */
  public TrellisSpec {
    if (isPlain && (sweeps != DEFAULT_SWEEPS || damping != DEFAULT_DAMPING)) {
      throw new IllegalArgumentException(
          "plain: there is neither descent nor damping without a moment, expected no cd and no"
              + " damp");
    }
    TrellisFit _ = new TrellisFit(entry(bits, window, planes), damping, PASSES, sweeps);
  }

  /**
   * The usual choices for a width.
   *
   * @param bits of a code, 2 to 4
   * @return the spec
   * @throws IllegalArgumentException if there is no code of that width
   */
  public static TrellisSpec of(int bits) {
    return new TrellisSpec(
        bits, DEFAULT_WINDOW, defaultPlanes(bits), DEFAULT_DAMPING, DEFAULT_SWEEPS, false);
  }

  static int defaultPlanes(int bits) {
    return bits + 2;
  }

  private static TrellisCodes.Entry entry(int bits, int window, int planes) {
    return TrellisCodes.find(bits, window, planes)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "trellis: no code of "
                        + bits
                        + " bits with a window of "
                        + window
                        + " and "
                        + planes
                        + " planes, expected one of "
                        + TrellisCodes.all().stream().map(TrellisCodes.Entry::code).toList()));
  }

  /**
   * The code of the weights.
   *
   * @return one of {@link TrellisCodes}
   */
  public TrellisCode code() {
    return entry(bits, window, planes).code();
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    Optional<Gram> gram = isPlain ? Optional.empty() : problem.moment().given();
    TrellisFit.Result result =
        new TrellisFit(entry(bits, window, planes), damping, PASSES, sweeps)
            .fit(residual, gram, label(), problem.compute());
    result.report().ifPresent(report -> problem.note(List.of(report)));
    return List.of(new TrellisTerm(result.matrix()));
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return isPlain ? EnumSet.noneOf(StatisticNeed.class) : EnumSet.of(StatisticNeed.GRAM);
  }

  @Override
  public String label() {
    return TrellisSteps.of(bits).label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    return TrellisMatrix.storageBits(rows, columns, bits);
  }
}
