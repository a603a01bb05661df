// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

/** How the range of an activation grid follows from calibration, or from the values of a token. */
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

  /**
   * A part of the range: of that of each token if scales are computed as it comes, or of all that
   * was seen.
   *
   * @param ratio the part, above 0, at most 1
   */
  record Clip(double ratio) implements RangeRule {
    /**
     * Checks the ratio.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Clip {
      if (!(ratio > 0 && ratio <= 1)) {
        throw new IllegalArgumentException("clip: " + ratio + ", expected above 0, to 1");
      }
    }

    @Override
    public String toString() {
      return RangeRules.CLIP.label(this);
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
   * The range with the least error of the layer's output over a sample, found in turn with the
   * scales of the weights where these have one for each row and nearest rounding (LLM-FP4, Liu et
   * al., arXiv 2310.16836).
   *
   * @param rounds how often both are searched, from 1 to 100
   */
  record OutputError(int rounds) implements RangeRule {
    /**
     * Checks the number of rounds.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public OutputError {
      if (rounds < 1 || rounds > 100) {
        throw new IllegalArgumentException("output: " + rounds + " rounds, expected 1 to 100");
      }
    }

    @Override
    public String toString() {
      return RangeRules.OUTPUT.label(this);
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
   * @return false for {@link MinMax} and {@link Clip}
   */
  default boolean needsValues() {
    return !(this instanceof MinMax || this instanceof Clip);
  }
}
