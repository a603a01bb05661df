// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import java.util.List;

/**
 * Shrinks each tile's range to where the rounding error is least: the candidates are the full range
 * times {@code 1 - i / steps} for {@code i} from 0 to {@code shrink * steps}, and the error of a
 * tile is {@code sum |q(w) - w|^exponent}.
 *
 * <p>This is the grid search of GPTQ's reference code (Frantar et al., arXiv 2210.17323), which
 * uses exponent 2.4; 2 minimises the mean squared error. Cost: less than one rounding of the matrix
 * for each candidate, because candidates that fall behind are dropped; exponents other than 2 take
 * some ten times as long.
 *
 * @param exponent of the error, positive
 * @param steps candidates from the full range down to zero, at least 1
 * @param shrink the share of them that is tried, from 0 to 1; formats of 1 bit with the default get
 *     candidates in equal ratios down to a hundredth instead
 */
public record MeanSquaredErrorSearch(double exponent, int steps, double shrink)
    implements ScaleSearch {
  static final double DEFAULT_EXPONENT = 2;
  static final int DEFAULT_STEPS = 100;
  static final double DEFAULT_SHRINK = 0.8;
  private static final double LEAST_OF_TWO_LEVELS = 0.01;

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public MeanSquaredErrorSearch {
    if (!(exponent > 0) || exponent > 100) {
      throw new IllegalArgumentException("exponent: " + exponent + ", expected above 0, to 100");
    }
    if (steps < 1 || steps > 10_000) {
      throw new IllegalArgumentException("steps: " + steps + ", expected 1 to 10000");
    }
    if (!(shrink >= 0 && shrink <= 1)) {
      throw new IllegalArgumentException("shrink: " + shrink + ", expected 0 to 1");
    }
  }

  /**
   * The squared error, and ranges down to one fifth in hundredths.
   *
   * @return the search with default settings
   */
  public static MeanSquaredErrorSearch defaults() {
    return new MeanSquaredErrorSearch(DEFAULT_EXPONENT, DEFAULT_STEPS, DEFAULT_SHRINK);
  }

  @Override
  public Grid fit(FitTask task, NumberFormat format) {
    TileRanges full = TileRanges.of(task.weights(), task.layout());
    // The best scale of two levels is near the mean magnitude, however large the largest one is.
    boolean isWide = format.bits() == 1 && shrink == DEFAULT_SHRINK;
    List<Shrink> candidates =
        isWide ? Shrink.geometric(steps, LEAST_OF_TWO_LEVELS) : Shrink.both(steps, shrink);
    return new CandidateRangeChooser(task, format, candidates, full, new TileError(exponent, null))
        .grid(task.scheme(), format, full, candidates);
  }

  @Override
  public String label() {
    return ScaleSearches.MEAN_SQUARED_ERROR.label(this);
  }
}
