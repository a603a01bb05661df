// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.InputTransform;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Scales down outlier channels only (DGQ, Zhang et al., arXiv 2310.04836): with the magnitude of
 * the channel at the given share from the top as baseline, {@code s_j = max(1, max|x_j| /
 * baseline)}.
 *
 * @param share of the channels that are taken for outliers, 0 to 1; DGQ uses 0.005
 */
public record PercentileRule(double share) implements TransformRule {

  /**
   * Checks the share.
   *
   * @throws IllegalArgumentException if it is not from 0 to 1
   */
  public PercentileRule {
    ChannelScales.requireShare("share", share);
  }

  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    double[] largest = ChannelScales.inputMaximum(group, label());
    double[] sorted = largest.clone();
    Arrays.sort(sorted);
    int rank = Math.min(sorted.length, (int) (share * sorted.length + 1.5));
    double baseline = sorted[sorted.length - rank];
    double[] scales = new double[largest.length];
    for (int j = 0; j < scales.length; j++) {
      scales[j] = baseline > 0 ? Math.max(1, largest[j] / baseline) : 1;
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
    return TransformSteps.OUTLIER.label(this);
  }
}
