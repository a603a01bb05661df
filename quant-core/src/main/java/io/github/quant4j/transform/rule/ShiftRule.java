// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.ChannelRanges;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.ShiftTransform;
import java.util.EnumSet;
import java.util.Set;

/** Subtracts the middle of each channel's range (Outlier Suppression+, arXiv 2304.09145). */
public record ShiftRule() implements TransformRule {
  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    ChannelRanges ranges = ChannelScales.ranges(group, label());
    float[] offsets = new float[group.size()];
    for (int j = 0; j < offsets.length; j++) {
      offsets[j] = (float) (((double) ranges.minimum()[j] + ranges.maximum()[j]) / 2);
    }
    return ShiftTransform.of(offsets);
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return EnumSet.of(StatisticNeed.CHANNELS);
  }

  @Override
  public String label() {
    return "shift";
  }
}
