// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

/** How the range of a static activation grid follows from calibration. */
public sealed interface RangeRule {

  /** All that was seen: nothing clips. */
  record MinMax() implements RangeRule {
    @Override
    public String toString() {
      return "minmax";
    }
  }

  /**
   * A share of the magnitudes, the rest clips.
   *
   * @param percent of the magnitudes that are within range, above 50, at most 100
   */
  record Percentile(double percent) implements RangeRule {
    /**
     * Checks the percentage.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Percentile {
      if (!(percent > 50 && percent <= 100)) {
        throw new IllegalArgumentException(
            "percentile: " + percent + ", expected above 50, to 100");
      }
    }

    @Override
    public String toString() {
      return RangeRules.PERCENTILE.label(this);
    }
  }

  /** The shrunk range that rounds the sample with the least squared error. */
  record MeanSquaredError() implements RangeRule {
    @Override
    public String toString() {
      return "mse";
    }
  }

  /**
   * All that was seen.
   *
   * @return the rule
   */
  static RangeRule minMax() {
    return new MinMax();
  }

  /**
   * Whether rows of the input are needed, or their distribution, not just its ranges.
   *
   * @return false for {@link MinMax}
   */
  default boolean needsValues() {
    return !(this instanceof MinMax);
  }
}
