// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.InputTransform;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * A transform that is given, for example one that was learned elsewhere. It has no text form that
 * can be read back.
 *
 * @param transform the transform
 */
public record GivenTransformRule(InputTransform transform) implements TransformRule {
  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    if (transform.size() != group.size()) {
      throw new IllegalArgumentException(
          "transform: " + transform.describe() + ", expected " + group.size() + " channels");
    }
    return transform;
  }

  @Override
  public Optional<CommonFit> common() {
    return transform instanceof DiagonalTransform
        ? Optional.of(new LargestScales(this))
        : Optional.empty();
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public boolean mixesChannels() {
    return !transform.keepsChannels();
  }

  @Override
  public String label() {
    return "given(" + transform.describe() + ")";
  }
}
