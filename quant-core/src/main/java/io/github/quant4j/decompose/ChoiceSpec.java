// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.search.Minimize;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One of several quantized matrices, that of the least error: the axis of groups in AdaDim (Heo et
 * al., arXiv 2309.15531), or integers against minifloats for each layer (arXiv 2303.17951).
 *
 * @param quantizers the candidates, at least two; of equal errors the first wins
 */
public record ChoiceSpec(List<Quantizer> quantizers) implements TermSpec {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there are fewer than two candidates, or one has its columns
   *     in another order
   */
  public ChoiceSpec {
    quantizers = List.copyOf(quantizers);
    if (quantizers.size() < 2) {
      throw new IllegalArgumentException(
          "quantizers: " + quantizers.size() + ", expected at least two to choose from");
    }
    quantizers.forEach(quantizer -> OrderedColumns.refuse(quantizer, "or"));
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    List<WeightTerm> candidates =
        quantizers.stream()
            .map(quantizer -> WeightTerm.of(problem.quantize(quantizer, residual)))
            .toList();
    return List.of(
        Minimize.argmin(candidates, candidate -> error(candidate, residual, problem)).argument());
  }

  private static double error(WeightTerm term, FloatMatrix residual, FitProblem problem) {
    FloatMatrix dense = Matrices.dense(residual.rows(), residual.columns(), List.of(term));
    return problem.moment().error(Matrices.difference(dense, residual));
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  /** The second moment, as candidates are compared by the error of the output. */
  @Override
  public Set<StatisticNeed> needs() {
    return EnumSet.of(StatisticNeed.GRAM);
  }

  @Override
  public String label() {
    return quantizers.stream().map(Quantizer::toString).collect(Collectors.joining(" or "));
  }

  @Override
  public long storageBits(int rows, int columns) {
    return quantizers.stream()
        .mapToLong(quantizer -> SchemeBits.of(quantizer.scheme(), rows, columns))
        .max()
        .orElse(0);
  }
}
