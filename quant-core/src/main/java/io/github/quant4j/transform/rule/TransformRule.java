// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.InputTransform;
import java.util.Optional;
import java.util.Set;

/**
 * How a transform follows from what is known of a layer's input and of the weights of all layers
 * that read it.
 *
 * <p>Rules are immutable and deterministic; their text form is their {@link #label()}.
 */
public sealed interface TransformRule
    permits SmoothRule,
        AutoSmoothRule,
        PercentileRule,
        CrossRule,
        AwqRule,
        EqualizeRule,
        ShiftRule,
        NoiseRule,
        PermuteRule,
        HadamardRule,
        PrincipalAxesRule,
        KroneckerRule,
        GivenTransformRule {

  /**
   * Computes the transform.
   *
   * @param group the layers that read the input, with its statistics
   * @param trial how they will be quantized, for rules that search
   * @return the transform of their common input
   * @throws IllegalArgumentException if the rule needs what is not known, or does not suit the
   *     width
   */
  InputTransform fit(LayerGroup group, QuantizationTrial trial);

  /**
   * Begins a fit of one diagonal transform for several groups that read the same values.
   *
   * @return empty for rules whose transforms are not diagonal
   */
  default Optional<CommonFit> common() {
    return Optional.empty();
  }

  /**
   * What must be known of the input.
   *
   * @param quantizedActivations whether the recipe quantizes activations, which searches then
   *     measure
   * @return the needs; none for data-free rules
   */
  Set<StatisticNeed> needs(boolean quantizedActivations);

  /**
   * Whether the transform is to run with the model even where it could be folded.
   *
   * @return false for most rules
   */
  default boolean isOnline() {
    return false;
  }

  /**
   * Whether the transform mixes channels, so that their ranges must be observed again.
   *
   * @return true for rotations
   */
  default boolean mixesChannels() {
    return false;
  }

  /**
   * Checks whether there is such a transform of some width, before any work is done.
   *
   * @param channels of the input
   * @throws IllegalArgumentException if it does not suit the width
   */
  default void requireWidth(int channels) {}

  /**
   * The text form in recipes.
   *
   * @return for example {@code smooth(0.5)}
   */
  String label();
}
