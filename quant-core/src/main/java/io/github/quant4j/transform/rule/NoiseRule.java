// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.search.Minimize;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.ShiftTransform;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * NoisyQuant (Liu et al., arXiv 2211.16056): a fixed random constant is added to every channel
 * before it is rounded and corrected for in the bias, which spreads values that pile up in few
 * cells of the grid.
 *
 * @param range largest constant, relative to the largest magnitude of the input; 0 searches for the
 *     range of the least output error
 * @param seed of the constants
 */
public record NoiseRule(double range, long seed) implements TransformRule {
  private static final int POINTS = 17;
  private static final double WIDEST = 0.16;

  /**
   * Checks the range.
   *
   * @throws IllegalArgumentException if it is not from 0 to 1, or the seed is negative
   */
  public NoiseRule {
    ChannelScales.requireShare("range", range);
    if (seed < 0) {
      throw new IllegalArgumentException("seed: " + seed + ", expected at least 0");
    }
  }

  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    double largest = 0;
    for (float magnitude : ChannelScales.ranges(group, label()).absoluteMaximum()) {
      largest = Math.max(largest, magnitude);
    }
    if (range > 0) {
      return transform(group.size(), range * largest);
    }
    List<InputTransform> candidates = new ArrayList<>();
    for (double share : Minimize.grid(0, WIDEST, POINTS)) {
      candidates.add(transform(group.size(), share * largest));
    }
    return Minimize.argmin(candidates, transform -> trial.error(group, transform)).argument();
  }

  private ShiftTransform transform(int size, double width) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] offsets = new float[size];
    for (int j = 0; j < size; j++) {
      offsets[j] = (float) ((2 * random.nextDouble() - 1) * width);
    }
    return ShiftTransform.of(offsets);
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return range == 0 && quantizedActivations
        ? EnumSet.of(StatisticNeed.CHANNELS, StatisticNeed.SAMPLE)
        : EnumSet.of(StatisticNeed.CHANNELS);
  }

  @Override
  public String label() {
    return TransformSteps.NOISE.label(this);
  }
}
