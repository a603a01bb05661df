// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import java.util.List;

/**
 * Shrinks each tile's range to where the error of the tile's part of the output is least, over the
 * calibration inputs (the clipping of AWQ, Lin et al., arXiv 2306.00978).
 *
 * <p>Candidates are the full range times {@code 1 - i / steps} down to {@code 1 - shrink}. With
 * {@code asymmetric} the lower and the upper end shrink by themselves, all pairs are tried, and the
 * result is a search instead of gradient descent for the learnable clipping of OmniQuant (Shao et
 * al., arXiv 2308.13137); on symmetric schemes it makes no difference. The error is {@code e H_gg
 * e^T} with the tile's block of the second moment, or with {@code diagonal} only {@code sum_j H_jj
 * e_j^2}, which is faster and overlooks that inputs go together. Without a usable moment the
 * squared error of the weights takes its place.
 *
 * <p>Cost for each candidate: {@code out in g} multiply-adds with tiles of {@code g} inputs, or one
 * rounding of the matrix with {@code diagonal}.
 *
 * @param diagonal whether only the diagonal of the moment counts
 * @param asymmetric whether both ends of a range shrink by themselves
 * @param steps candidates from the full range down to zero, from 1 to 1000
 * @param shrink the share of them that is tried, from 0 to 1
 */
public record ClipSearch(boolean diagonal, boolean asymmetric, int steps, double shrink)
    implements ScaleSearch {
  static final int DEFAULT_STEPS = 20;
  static final double DEFAULT_SHRINK = 0.5;

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public ClipSearch {
    if (steps < 1 || steps > 1000) {
      throw new IllegalArgumentException("clip: " + steps + " steps, expected 1 to 1000");
    }
    if (!(shrink >= 0 && shrink <= 1)) {
      throw new IllegalArgumentException("clip: shrink " + shrink + ", expected 0 to 1");
    }
  }

  /**
   * Both ends together, down to one half in twentieths, with whole blocks of the moment.
   *
   * @return the search with default settings
   */
  public static ClipSearch defaults() {
    return new ClipSearch(false, false, DEFAULT_STEPS, DEFAULT_SHRINK);
  }

  @Override
  public Grid fit(FitTask task, NumberFormat format) {
    Gram gram = task.requireGram(label());
    TileRanges full = TileRanges.of(task.weights(), task.layout());
    List<Shrink> candidates =
        asymmetric && !task.scheme().symmetric()
            ? Shrink.each(steps, shrink)
            : Shrink.both(steps, shrink);
    boolean usable = GramCheck.isUsable(gram);
    RangeChooser chooser =
        usable && !diagonal
            ? new BlockErrorRangeChooser(task, format, candidates, full, gram)
            : new CandidateRangeChooser(
                task,
                format,
                candidates,
                full,
                usable ? new TileError(2, gram.diagonal()) : TileError.SQUARED);
    return chooser.grid(task.scheme(), format, full, candidates);
  }

  @Override
  public boolean needsGram() {
    return true;
  }

  @Override
  public String label() {
    return ScaleSearches.CLIP.label(this);
  }
}
