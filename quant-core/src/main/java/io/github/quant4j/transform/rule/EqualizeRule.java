// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.InputTransform;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Cross-layer equalization (Nagel et al., arXiv 1906.04721): {@code s_j = sqrt(r_j / c_j)} with the
 * range {@code r_j} of the producer's row and {@code c_j} of the consumers' column, so that both
 * become {@code sqrt(r_j c_j)}. Where no producer is known, the range of the channel stands for its
 * row.
 */
public record EqualizeRule() implements TransformRule {
  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    double[] input =
        group
            .producer()
            .map(producer -> ChannelScales.tied(rowMaximum(producer), group))
            .orElseGet(() -> ChannelScales.inputMaximum(group, label()));
    return ChannelScales.transform(
        ChannelScales.mixed(input, ChannelScales.weightMaximum(group), 0.5));
  }

  private static double[] rowMaximum(FloatMatrix producer) {
    double[] largest = new double[producer.rows()];
    for (int i = 0; i < producer.data().length; i++) {
      int row = i / producer.columns();
      largest[row] = Math.max(largest[row], Math.abs(producer.data()[i]));
    }
    return largest;
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
    return "equalize";
  }
}
