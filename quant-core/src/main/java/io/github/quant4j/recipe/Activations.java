// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.search.RangeRule;
import java.util.List;

/**
 * How a recipe quantizes activations.
 *
 * @param candidates schemes that differ in their formats alone, at least one; of several that with
 *     the least error of the output is taken for each layer
 * @param range how ranges are chosen; dynamic schemes know minmax and clip
 */
public record Activations(List<ActivationScheme> candidates, RangeRule range) {

  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if there is no candidate, they differ in more than the format,
   *     or a dynamic scheme is given a rule for static ranges
   */
  public Activations {
    candidates = List.copyOf(candidates);
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException("candidates: none, expected at least one scheme");
    }
    ActivationScheme first = candidates.getFirst();
    for (ActivationScheme other : candidates) {
      boolean isAlike =
          other.granularity().equals(first.granularity())
              && other.symmetric() == first.symmetric()
              && other.scaleCodec().equals(first.scaleCodec())
              && other.format().bits() == first.format().bits();
      if (!isAlike) {
        throw new IllegalArgumentException(
            "candidates: " + first + " and " + other + ", expected other formats of one width only");
      }
    }
    if (range.needsValues() && !first.granularity().isStatic()) {
      throw new IllegalArgumentException(
          "range: "
              + range
              + " is for static ranges, but "
              + first
              + " computes its scales from each token");
    }
  }

  /**
   * A given scheme.
   *
   * @param scheme format and granularity
   * @param range how ranges are chosen
   * @throws IllegalArgumentException if a dynamic scheme is given a rule for static ranges
   */
  public Activations(ActivationScheme scheme, RangeRule range) {
    this(List.of(scheme), range);
  }

  /**
   * The scheme, or the first of those to choose from, which all have its width and granularity.
   *
   * @return format and granularity
   */
  public ActivationScheme scheme() {
    return candidates.getFirst();
  }

  /**
   * Whether format or range follow from the error of the output, so that a sample of the input is
   * needed.
   *
   * @return true if there are several candidates, or the range is chosen by the output
   */
  public boolean areSearched() {
    return candidates.size() > 1 || range instanceof RangeRule.OutputError;
  }

  /** The canonical text form, for example {@code int8:tensor:sym percentile(99.9)}. */
  @Override
  public String toString() {
    List<NumberFormat> formats = candidates.stream().map(ActivationScheme::format).toList();
    String scheme =
        formats.size() == 1
            ? scheme().toString()
            : scheme().withFormatText(new FormatChoice.BestPerMatrix(formats).toString());
    return range.equals(RangeRule.minMax()) ? scheme : scheme + " " + range;
  }
}
