// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
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
  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    return List.of(new QuantizedTerm(problem.quantize(quantizer, residual)));
  }

  @Override
  public Stage stage() {
    return isResidual ? Stage.LAST : Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return quantizer.needsGram()
        ? EnumSet.of(StatisticNeed.GRAM)
        : EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return isResidual ? TermSteps.PLANE.label(this) : quantizer.toString();
  }

  @Override
  public long storageBits(int rows, int columns) {
    return SchemeBits.of(quantizer.scheme(), rows, columns);
  }
}
