// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.linalg.SymmetricEigen;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.OrthogonalTransform;
import java.util.EnumSet;
import java.util.Set;

/**
 * Rotates the input to its principal axes, the eigenvectors of the second moment (KLT). Followed by
 * {@code hadamard} this is the rotation of MambaQuant (Xu et al., arXiv 2501.13484), which gives
 * all channels the same variance.
 */
public record PrincipalAxesRule() implements TransformRule {

  /** Costs about {@code 4 in^3} operations in double precision. */
  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    Gram gram = moment(group, label());
    FloatMatrix moment = FloatMatrix.wrap(gram.size(), gram.size(), gram.values());
    return OrthogonalTransform.of(SymmetricEigen.of(moment).vectors());
  }

  static Gram moment(LayerGroup group, String rule) {
    Gram gram =
        group
            .statistics()
            .flatMap(InputStatistics::gram)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        rule + ": the second moment of the input is not known; collect it"));
    for (float value : gram.values()) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(
            rule + ": the second moment of the input is not finite, " + gram);
      }
    }
    return gram;
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return EnumSet.of(StatisticNeed.GRAM);
  }

  @Override
  public boolean mixesChannels() {
    return true;
  }

  @Override
  public String label() {
    return "pca";
  }
}
