// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.search.Minimize;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.TransformChain;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * SmoothQuant with the exponent that gives the group of layers the least output error, of 0, 0.05,
 * ..., 1 and no transform at all. (One exponent for a whole model, as in SmoothQuant+, Pan et al.,
 * arXiv 2312.03788, is searched by the caller, who adds up {@link #error} over the groups.)
 *
 * @param powersOfTwo whether scales are rounded to powers of two
 */
public record AutoSmoothRule(boolean powersOfTwo) implements TransformRule {
  private static final int POINTS = 21;

  /**
   * The exponents that are tried.
   *
   * @return from 0 to 1 by 0.05
   */
  public static List<Double> candidates() {
    return Minimize.grid(0, 1, POINTS);
  }

  /**
   * The error of a group after the transform of a given exponent.
   *
   * @param group the layers
   * @param trial how they are quantized
   * @param alpha the exponent, 0 to 1
   * @return the summed squared output error
   */
  public double error(LayerGroup group, QuantizationTrial trial, double alpha) {
    return trial.error(group, SmoothRule.fit(group, alpha, powersOfTwo, label()));
  }

  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    List<InputTransform> transforms = new ArrayList<>();
    transforms.add(TransformChain.identity(group.size()));
    for (double alpha : candidates()) {
      transforms.add(SmoothRule.fit(group, alpha, powersOfTwo, label()));
    }
    return Minimize.argmin(transforms, transform -> trial.error(group, transform)).argument();
  }

  @Override
  public Optional<CommonFit> common() {
    return Optional.of(new LeastTotalError(new CommonGrid()));
  }

  /** The grid for several groups: the largest scales that any of them would have. */
  private final class CommonGrid implements LeastTotalError.Candidates {
    private double @Nullable [] least;

    @Override
    public void weigh(LayerGroup group, QuantizationTrial trial) {
      double[] largest = ChannelScales.weightMaximum(group);
      double[] known = least;
      for (int j = 0; known != null && j < largest.length; j++) {
        largest[j] =
            largest[j] == 0 || known[j] == 0
                ? Math.max(largest[j], known[j])
                : Math.min(largest[j], known[j]);
      }
      least = largest;
    }

    @Override
    public List<DiagonalTransform> of(LayerGroup all) {
      double[] input = ChannelScales.audibleMaximum(all, label());
      double[] weight = least == null ? new double[input.length] : least;
      List<DiagonalTransform> transforms = new ArrayList<>();
      transforms.add(DiagonalTransform.of(LargestScales.ones(input.length)));
      for (double alpha : candidates()) {
        double[] scales = ChannelScales.mixed(input, weight, alpha);
        transforms.add(
            ChannelScales.transform(powersOfTwo ? ChannelScales.powersOfTwo(scales) : scales));
      }
      return transforms;
    }
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return quantizedActivations
        ? EnumSet.of(StatisticNeed.CHANNELS, StatisticNeed.GRAM, StatisticNeed.SAMPLE)
        : EnumSet.of(StatisticNeed.CHANNELS, StatisticNeed.GRAM);
  }

  @Override
  public String label() {
    return TransformSteps.SMOOTH.label(this);
  }
}
