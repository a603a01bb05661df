// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.HadamardMatrices;
import io.github.quant4j.linalg.SymmetricEigen;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.KroneckerTransform;
import java.util.EnumSet;
import java.util.Set;

/**
 * The closed-form members of FlatQuant's family (Sun et al., arXiv 2410.09426): a Kronecker product
 * of two Hadamard matrices, or of the principal axes of the two modes of the second moment, each
 * followed by a Hadamard matrix where there is one.
 *
 * @param principalAxes whether the principal axes are used
 */
public record KroneckerRule(boolean principalAxes) implements TransformRule {
  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    int size = group.size();
    int first = principalAxes ? KroneckerTransform.balancedFactor(size) : hadamardFactor(size);
    int second = size / first;
    if (!principalAxes) {
      return KroneckerTransform.of(
          hadamard(first, group.compute()), hadamard(second, group.compute()));
    }
    Gram gram = PrincipalAxesRule.moment(group, label());
    double[] rows = new double[first * first];
    double[] columns = new double[second * second];
    for (int a = 0; a < first; a++) {
      for (int b = 0; b < second; b++) {
        for (int c = 0; c < first; c++) {
          rows[a * first + c] += gram.values()[(a * second + b) * size + c * second + b];
        }
        for (int c = 0; c < second; c++) {
          columns[b * second + c] += gram.values()[(a * second + b) * size + a * second + c];
        }
      }
    }
    return KroneckerTransform.of(
        flattened(first, rows, group.compute()), flattened(second, columns, group.compute()));
  }

  /** The most balanced split into two sizes that have Hadamard matrices. */
  private static int hadamardFactor(int size) {
    for (int first = KroneckerTransform.balancedFactor(size); first >= 1; first--) {
      if (size % first == 0
          && HadamardMatrices.baseSize(first) > 0
          && HadamardMatrices.baseSize(size / first) > 0) {
        return first;
      }
    }
    throw new IllegalArgumentException(
        "kronecker(hadamard): "
            + size
            + " channels are no product of two sizes that have Hadamard matrices");
  }

  private static FloatMatrix hadamard(int size, Compute compute) {
    HadamardTransform rotation = HadamardTransform.of(size, size, HadamardTransform.NO_SIGNS);
    FloatMatrix identity = FloatMatrix.zeros(size, size);
    for (int i = 0; i < size; i++) {
      identity.put(i, i, 1f);
    }
    return rotation.apply(identity, compute);
  }

  private static FloatMatrix flattened(int size, double[] moment, Compute compute) {
    float[] values = new float[moment.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) moment[i];
    }
    FloatMatrix axes = SymmetricEigen.of(FloatMatrix.wrap(size, size, values)).vectors();
    return HadamardMatrices.baseSize(axes.rows()) == 0
        ? axes
        : HadamardTransform.of(axes.rows(), axes.rows(), HadamardTransform.NO_SIGNS)
            .apply(axes, compute);
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return principalAxes ? EnumSet.of(StatisticNeed.GRAM) : EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public boolean mixesChannels() {
    return true;
  }

  @Override
  public String label() {
    return TransformSteps.KRONECKER.label(this);
  }
}
