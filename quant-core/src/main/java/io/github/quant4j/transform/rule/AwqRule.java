// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.search.Minimize;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.InputTransform;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * AWQ (Lin et al., arXiv 2306.00978): {@code s = x^r}, or {@code x^r / w^(1 - r)} with both sides,
 * where {@code x} is the mean magnitude of the channel and {@code w} that of its weights relative
 * to the largest weight of their group; centred around 1, with {@code r} on a grid chosen by the
 * output error of the quantized group of layers.
 *
 * @param points of the grid {@code 0, 1/points, ..., (points - 1)/points}; the paper uses 20
 * @param bothSides whether weights take part in the scale ("duo scaling")
 */
public record AwqRule(int points, boolean bothSides) implements TransformRule {
  private static final double LEAST = 1e-4;

  /**
   * Checks the grid.
   *
   * @throws IllegalArgumentException if it has fewer than 1 or more than 1000 points
   */
  public AwqRule {
    if (points < 1 || points > 1000) {
      throw new IllegalArgumentException("points: " + points + ", expected 1 to 1000");
    }
  }

  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    RelativeWeights relative = new RelativeWeights(group.size());
    if (bothSides) {
      relative.add(group, trial);
    }
    List<DiagonalTransform> candidates =
        candidates(
            ChannelScales.inputMean(group, label()), ChannelScales.tied(relative.mean(), group));
    return Minimize.argmin(candidates, transform -> trial.error(group, transform)).argument();
  }

  @Override
  public Optional<CommonFit> common() {
    return Optional.of(new LeastTotalError(new CommonGrid()));
  }

  private List<DiagonalTransform> candidates(double[] input, double[] weight) {
    List<DiagonalTransform> candidates = new ArrayList<>();
    for (int i = 0; i < points; i++) {
      candidates.add(candidate(input, weight, (double) i / points));
    }
    return candidates;
  }

  private DiagonalTransform candidate(double[] input, double[] weight, double ratio) {
    double[] scales = new double[input.length];
    for (int j = 0; j < scales.length; j++) {
      double scale = Math.pow(input[j], ratio);
      if (bothSides) {
        scale /= Math.pow(weight[j], 1 - ratio) + LEAST;
      }
      scales[j] = Math.max(scale, LEAST);
    }
    return ChannelScales.transform(ChannelScales.centred(scales));
  }

  /** Sums of {@code |w| / max|group|} over rows, with groups as the weights' scales have them. */
  private static final class RelativeWeights {
    private final double[] sum;
    private long rows;

    RelativeWeights(int size) {
      this.sum = new double[size];
    }

    void add(LayerGroup group, QuantizationTrial trial) {
      for (FloatMatrix matrix : group.weights()) {
        int width =
            Math.min(
                group.size(),
                trial
                    .weights()
                    .scheme()
                    .granularity()
                    .layout(matrix.rows(), matrix.columns())
                    .blockColumns());
        rows += matrix.rows();
        for (int row = 0; row < matrix.rows(); row++) {
          for (int start = 0; start < group.size(); start += width) {
            addRelative(matrix, row, start, Math.min(group.size(), start + width), sum);
          }
        }
      }
    }

    double[] mean() {
      double[] mean = sum.clone();
      for (int j = 0; j < mean.length; j++) {
        mean[j] /= Math.max(1, rows);
      }
      return mean;
    }
  }

  /** The grid for several groups. */
  private final class CommonGrid implements LeastTotalError.Candidates {
    private @Nullable RelativeWeights relative;

    @Override
    public void weigh(LayerGroup group, QuantizationTrial trial) {
      RelativeWeights known = relative == null ? new RelativeWeights(group.size()) : relative;
      if (bothSides) {
        known.add(group, trial);
      }
      relative = known;
    }

    @Override
    public List<DiagonalTransform> of(LayerGroup all) {
      RelativeWeights known = relative == null ? new RelativeWeights(all.size()) : relative;
      return candidates(ChannelScales.inputMean(all, label()), known.mean());
    }
  }

  private static void addRelative(FloatMatrix matrix, int row, int from, int to, double[] sum) {
    float largest = 0;
    int offset = row * matrix.columns();
    for (int j = from; j < to; j++) {
      largest = Math.max(largest, Math.abs(matrix.data()[offset + j]));
    }
    for (int j = from; j < to && largest > 0; j++) {
      sum[j] += Math.abs(matrix.data()[offset + j]) / largest;
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
    return TransformSteps.AWQ.label(this);
  }
}
