// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.InputTransform;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * SmoothQuant (Xiao et al., arXiv 2211.10438): {@code s_j = max|x_j|^alpha / max|W_j|^(1 - alpha)}
 * over all layers that read the input. With {@code alpha = 1} all channels of the input get the
 * same range (the folded dequantization of OutlierTune, arXiv 2406.18832).
 *
 * <p>Unlike in the papers, a channel whose {@code max|x_j|} is above zero but below a tenth of the
 * mean is treated as if it had that tenth. Such a channel sets no range, and one that was nearly
 * silent during calibration, as after an activation function, would otherwise be magnified without
 * limit.
 *
 * @param alpha how much of the difficulty moves to the weights, 0 to 1
 * @param powersOfTwo whether scales are rounded to powers of two, which change exponents only (the
 *     pre-shifted exponent bias of LLM-FP4, Liu et al., arXiv 2310.16836)
 */
public record SmoothRule(double alpha, boolean powersOfTwo) implements TransformRule {

  /**
   * Checks the exponent.
   *
   * @throws IllegalArgumentException if it is not from 0 to 1
   */
  public SmoothRule {
    ChannelScales.requireShare("alpha", alpha);
  }

  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    return fit(group, alpha, powersOfTwo, label());
  }

  static DiagonalTransform fit(LayerGroup group, double alpha, boolean powers, String label) {
    double[] scales =
        ChannelScales.mixed(
            ChannelScales.audibleMaximum(group, label), ChannelScales.weightMaximum(group), alpha);
    return ChannelScales.transform(powers ? ChannelScales.powersOfTwo(scales) : scales);
  }

  @Override
  public Optional<CommonFit> common() {
    return Optional.of(new LargestScales(this));
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return EnumSet.of(StatisticNeed.CHANNELS);
  }

  @Override
  public String label() {
    return TransformSteps.SMOOTH.label(this);
  }
}
