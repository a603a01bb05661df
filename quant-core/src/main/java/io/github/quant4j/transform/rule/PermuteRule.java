// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.PermutationTransform;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Sorts channels by magnitude, largest first, so that groups are homogeneous and outliers share few
 * of them (Atom, Zhao et al., arXiv 2310.19102; COMET, Liu et al., arXiv 2410.12168).
 *
 * @param byWeights whether the weights' columns decide, not the input's channels
 */
public record PermuteRule(boolean byWeights) implements TransformRule {
  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    boolean ranges =
        group.statistics().flatMap(InputStatistics::ranges).isPresent()
            || group.sample().isPresent();
    double[] magnitude =
        byWeights
            ? ChannelScales.weightMaximum(group)
            : ranges
                ? ChannelScales.inputMaximum(group, label())
                : ChannelScales.inputMean(group, label());
    int[] order =
        IntStream.range(0, magnitude.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer j) -> -magnitude[j]))
            .mapToInt(Integer::intValue)
            .toArray();
    return PermutationTransform.of(order);
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return byWeights ? EnumSet.noneOf(StatisticNeed.class) : EnumSet.of(StatisticNeed.CHANNELS);
  }

  @Override
  public String label() {
    return TransformSteps.PERMUTE.label(this);
  }
}
