// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A quantized matrix: the main term, or a further plane that is fitted to what the first one leaves
 * over.
 *
 * @param quantizer scheme, scale search and rounding
 * @param isResidual whether it is a further plane
 */
public record QuantizedSpec(Quantizer quantizer, boolean isResidual) implements TermSpec {

  /**
   * Checks the order of columns.
   *
   * @throws IllegalArgumentException if a further plane is to have its columns in another order
   */
  public QuantizedSpec {
    if (isResidual) {
      OrderedColumns.refuse(quantizer, "plane");
    }
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    OrderedColumns ordered = OrderedColumns.of(quantizer, problem.moment().given()).orElse(null);
    if (ordered == null) {
      return List.of(WeightTerm.of(problem.quantize(quantizer, residual)));
    }
    return List.of(
        ordered.term(
            problem
                .withRemoved(new BitSet())
                .quantize(
                    ordered.quantizer(),
                    ordered.ordered(residual),
                    problem.moment().given().map(gram -> gram.permuted(ordered.order())))));
  }

  @Override
  public Stage stage() {
    return isResidual ? Stage.LAST : Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    // A format that is chosen for the matrix is chosen by the error of the output.
    boolean isChosen = quantizer.scheme().choice() instanceof FormatChoice.BestPerMatrix;
    return quantizer.needsGram() || isChosen
        ? EnumSet.of(StatisticNeed.GRAM)
        : EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return isResidual ? TermSteps.PLANE.label(this) : quantizer.toString();
  }

  @Override
  public long storageBits(int rows, int columns) {
    return SchemeBits.of(quantizer.scheme(), rows, columns)
        + OrderedColumns.storageBits(quantizer, columns);
  }
}
