// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.search.RangeRule;

/**
 * How a recipe quantizes activations.
 *
 * @param scheme format and granularity
 * @param range how static ranges are chosen; minmax for dynamic schemes
 */
public record Activations(ActivationScheme scheme, RangeRule range) {

  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if a dynamic scheme is given a rule for static ranges
   */
  public Activations {
    if (range.needsValues() && !scheme.granularity().isStatic()) {
      throw new IllegalArgumentException(
          "range: "
              + range
              + " is for static ranges, but "
              + scheme
              + " computes its scales from each token");
    }
  }

  /** The canonical text form, for example {@code int8:tensor:sym percentile(99.9)}. */
  @Override
  public String toString() {
    return range.equals(RangeRule.minMax()) ? scheme.toString() : scheme + " " + range;
  }
}
