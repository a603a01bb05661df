// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.transform.DiagonalTransform;
import java.util.ArrayList;
import java.util.List;

/**
 * Of some candidates that are made of all weights and all tokens, the one with the least sum of the
 * groups' output errors, each by its own tokens.
 */
final class LeastTotalError implements CommonFit {
  private final Candidates rule;
  private final List<DiagonalTransform> candidates = new ArrayList<>();
  private double[] errors = {};

  /** What is tried. */
  interface Candidates {
    /** Takes note of the weights of a group. */
    void weigh(LayerGroup group, QuantizationTrial trial);

    /** The candidates for an input; at least one. */
    List<DiagonalTransform> of(LayerGroup all);
  }

  LeastTotalError(Candidates rule) {
    this.rule = rule;
  }

  @Override
  public void weigh(LayerGroup group, QuantizationTrial trial) {
    rule.weigh(group, trial);
  }

  @Override
  public void begin(LayerGroup all) {
    candidates.clear();
    candidates.addAll(rule.of(all));
    errors = new double[candidates.size()];
  }

  @Override
  public void add(LayerGroup group, QuantizationTrial trial) {
    // Errors of trials are those of a token in the mean.
    double tokens = group.statistics().map(InputStatistics::weight).orElse(1.0);
    for (int c = 0; c < errors.length; c++) {
      errors[c] += tokens * trial.error(group, candidates.get(c));
    }
  }

  @Override
  public DiagonalTransform result() {
    if (candidates.isEmpty()) {
      throw new IllegalStateException("no input was shown");
    }
    int best = 0;
    for (int c = 1; c < errors.length; c++) {
      if (errors[c] < errors[best]) {
        best = c;
      }
    }
    return candidates.get(best);
  }
}
