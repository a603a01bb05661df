// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import java.util.List;

/**
 * How the frequencies of rotary embeddings are changed for contexts longer than those trained on.
 */
public sealed interface RotaryScaling {

  /**
   * What cosines and sines are multiplied by, and so, squared, the scores of attention.
   *
   * @return 1 for kinds that leave them alone
   */
  default double attentionFactor() {
    return 1;
  }

  /** The frequencies as they are. */
  record None() implements RotaryScaling {}

  /**
   * Every frequency divided by a factor (position interpolation, arXiv:2306.15595).
   *
   * @param factor at least 1
   */
  record Linear(double factor) implements RotaryScaling {}

  /**
   * Low frequencies divided by a factor, high ones left alone, and those in between interpolated,
   * as Llama 3.1 does.
   *
   * @param factor at least 1
   * @param lowFrequencyFactor wavelengths above {@code originalMaximumPositions /
   *     lowFrequencyFactor} are stretched in full
   * @param highFrequencyFactor wavelengths below {@code originalMaximumPositions /
   *     highFrequencyFactor} are left alone; greater than the low one
   * @param originalMaximumPositions the context that the model was trained on
   */
  record Llama3(
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      int originalMaximumPositions)
      implements RotaryScaling {}

  /**
   * The base grows with the length of the whole sequence (dynamic NTK): for {@code n} positions of
   * {@code d} rotated channels, {@code theta * (factor * n / maximumPositions - (factor -
   * 1))^(d/(d-2))}. Sequences of up to {@code maximumPositions} have the plain frequencies.
   *
   * @param factor at least 1
   * @param maximumPositions the longest sequence that is not scaled
   */
  record Dynamic(double factor, int maximumPositions) implements RotaryScaling {}

  /**
   * A base stretched once and for all, {@code theta * alpha^(d/(d-2))} for {@code d} rotated
   * channels, as HunYuan does; the length of the sequence plays no part.
   *
   * @param alpha greater than 0
   */
  record Stretched(double alpha) implements RotaryScaling {}

  /**
   * YaRN (arXiv:2309.00071): channel pairs that turn often over the original context keep their
   * frequency, those that turn seldom have it divided by the factor, with a linear ramp between.
   *
   * @param factor at least 1
   * @param originalMaximumPositions the context that the model was trained on
   * @param betaFast turns over the original context from which a pair keeps its frequency
   * @param betaSlow turns up to which a pair is stretched in full; at most {@code betaFast}
   * @param truncate whether the ends of the ramp are rounded outwards to whole pairs
   * @param attentionFactor what cosines and sines are multiplied by
   * @param magnitudeAllDimensions {@code mscale_all_dim}, or 0 if there is none: see {@link
   *     #softmaxFactor()}
   */
  record Yarn(
      double factor,
      int originalMaximumPositions,
      double betaFast,
      double betaSlow,
      boolean truncate,
      double attentionFactor,
      double magnitudeAllDimensions)
      implements RotaryScaling {

    /**
     * The attention factor of a configuration that states none.
     *
     * @param factor by which the context grows
     * @param magnitude {@code mscale}, or 0 if there is none
     * @param magnitudeAllDimensions {@code mscale_all_dim}, or 0 if there is none
     * @return {@code 0.1 ln(factor) + 1}, or, if both are given, the ratio of what they give
     */
    public static double defaultAttentionFactor(
        double factor, double magnitude, double magnitudeAllDimensions) {
      return magnitude != 0 && magnitudeAllDimensions != 0
          ? magnitude(factor, magnitude) / magnitude(factor, magnitudeAllDimensions)
          : magnitude(factor, 1);
    }

    /**
     * What DeepSeek's latent attention multiplies the scale of the softmax by, beside the attention
     * factor on cosines and sines. Other families leave the softmax alone.
     *
     * @return {@code (0.1 mscale_all_dim ln(factor) + 1)^2}; 1 without {@code mscale_all_dim}
     */
    public double softmaxFactor() {
      double magnitude = magnitude(factor, magnitudeAllDimensions);
      return magnitude * magnitude;
    }

    private static double magnitude(double factor, double multiplier) {
      return factor <= 1 ? 1 : 0.1 * multiplier * Math.log(factor) + 1;
    }
  }

  /**
   * LongRoPE (arXiv:2402.13753): the frequency of each channel pair is divided by a factor of its
   * own, of one list for sequences that fit the original context and of another for longer ones.
   *
   * @param shortFactors one factor for each channel pair
   * @param longFactors as many, for sequences of more than {@code originalMaximumPositions}
   * @param originalMaximumPositions the context that the model was trained on
   * @param attentionFactor what cosines and sines are multiplied by, whatever the length
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      int originalMaximumPositions,
      double attentionFactor)
      implements RotaryScaling {

    /** Copies the lists. */
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }

    /**
     * The attention factor of a configuration that states none.
     *
     * @param factor by which the context grows: the longest context over the original one
     * @param originalMaximumPositions the original context, at least 2
     * @return {@code sqrt(1 + ln(factor) / ln(originalMaximumPositions))}, or 1 if it does not grow
     */
    public static double defaultAttentionFactor(double factor, int originalMaximumPositions) {
      return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaximumPositions));
    }
  }
}
