// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.VectorTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.rounding.VectorFit;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Vector-quantized weights, fitted as {@link VectorFit} says.
 *
 * @param fit length of vectors, widths of codes and all that concerns the fit
 * @param isPlain whether the squared error of the weights is minimised, and not that of the output,
 *     so that nothing need be known of the input
 */
public record VectorSpec(VectorFit fit, boolean isPlain) implements TermSpec {
  static final int DEFAULT_BITS = 8;
  static final int DEFAULT_ITERATIONS = 30;
  static final double DEFAULT_DAMPING = 0.01;

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    Optional<Gram> gram = isPlain ? Optional.empty() : problem.moment().given();
    VectorFit.Result result = fit.fit(residual, gram, label(), problem.compute());
    result.report().ifPresent(report -> problem.note(List.of(report)));
    List<VectorTerm> parts = result.parts().stream().map(VectorTerm::new).toList();
    return List.of(
        parts.size() == 1
            ? parts.getFirst()
            : MixedTerm.of(MixedTerm.Axis.COLUMNS, 1, parts, result.index()));
  }

  /** The mean width of a weight in bits, without books and scales. */
  double width() {
    return (double) (fit.bits() + fit.residualBits()) / fit.length();
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return isPlain ? EnumSet.noneOf(StatisticNeed.class) : EnumSet.of(StatisticNeed.GRAM);
  }

  @Override
  public String label() {
    return VectorSteps.VECTORS.label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    int apart = fit.outlierColumns(columns);
    return apart == 0
        ? part(rows, columns)
        : part(rows, columns - apart) + part(rows, apart) + MixedTerm.indexStorageBits(2, columns);
  }

  private long part(int rows, int columns) {
    return VectorMatrix.storageBits(
        rows, columns, fit.length(), fit.bits(), fit.residualBits(), fit.isNormed());
  }
}
