// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.InputTransform;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The column part of CrossQuant (Liu et al., arXiv 2410.07505): its step {@code t_i^alpha c_j^(1 -
 * alpha)} for token {@code i} and channel {@code j} is a diagonal transform by {@code c_j^(1 -
 * alpha)} with {@code c_j = max|x_j|}, followed by a step for each token. The paper's token part is
 * {@code t_i^alpha}; a dynamic grid per token takes the range of the scaled token instead, which
 * never clips. Channels that are all but silent are raised as {@link SmoothRule} raises them.
 *
 * @param alpha share of the token in the step, 0 to 1; the paper uses 0.15
 */
public record CrossRule(double alpha) implements TransformRule {

  /**
   * Checks the exponent.
   *
   * @throws IllegalArgumentException if it is not from 0 to 1
   */
  public CrossRule {
    ChannelScales.requireShare("alpha", alpha);
  }

  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    double[] largest = ChannelScales.audibleMaximum(group, label());
    double[] scales = new double[largest.length];
    for (int j = 0; j < scales.length; j++) {
      scales[j] = largest[j] > 0 ? Math.pow(largest[j], 1 - alpha) : 1;
    }
    return ChannelScales.transform(scales);
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
    return TransformSteps.CROSS.label(this);
  }
}
