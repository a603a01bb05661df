// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The output rows that suffer most from a narrow format in a wide one: MixLLM (Zheng et al., arXiv
 * 2412.14590).
 *
 * <p>Row i is ranked by {@code e_i H e_i^T}, the error of its output per token when its weights are
 * rounded to the nearest values of the narrow format; the paper has a gradient and Fisher
 * information in place of H.
 *
 * @param narrow quantizer of the other rows
 * @param share of the rows that are wide, above 0, below 1; rounded to whole rows, perhaps none
 * @param wide quantizer of the wide rows
 * @param isOfModel whether the rows of all layers of a model are ranked together, so that a layer
 *     may have more or fewer of them; the pipeline then gives each layer its own share, by what the
 *     errors mean to the network. A layer by itself has the share as it is
 */
public record RowsSpec(Quantizer narrow, double share, Quantizer wide, boolean isOfModel)
    implements TermSpec {

  /**
   * Checks the share.
   *
   * @throws IllegalArgumentException if it is not between 0 and 1
   */
  public RowsSpec {
    OrderedColumns.refuse(narrow, "rows");
    BlockTerms.refuse(narrow, "rows");
    OrderedColumns.refuse(wide, "rows");
    BlockTerms.refuse(wide, "rows");
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("share: " + share + ", expected above 0, below 1");
    }
  }

  /**
   * The term of a layer that has been given its rows.
   *
   * @param count how many rows are wide, from 0
   * @param rows how many there are, at least {@code count}
   * @return the same for so many rows of this layer; one matrix if all are alike
   * @throws IllegalArgumentException if the count is out of range
   */
  public TermSpec withRows(int count, int rows) {
    if (count < 0 || count > rows) {
      throw new IllegalArgumentException("count: " + count + ", expected 0 to " + rows);
    }
    if (count == 0 || count == rows) {
      return new QuantizedSpec(count == 0 ? narrow : wide, false);
    }
    return new RowsSpec(narrow, (double) count / rows, wide, false);
  }

  /**
   * What the rows of a layer are ranked by.
   *
   * @param weights {@code [out, in]}
   * @param problem the moment of the inputs; without it the error of the weights counts
   * @return {@code e H e^T} per token for each row
   */
  public double[] sensitivities(FloatMatrix weights, FitProblem problem) {
    ScaleSearch search = narrow.search().needsGram() ? new MinMaxSearch() : narrow.search();
    Quantizer nearest = Quantizer.of(narrow.scheme(), search, List.of(new NearestRounding()));
    FloatMatrix rounded = problem.quantize(nearest, weights, Optional.empty()).dequantize();
    FloatMatrix change = Matrices.difference(rounded, weights);
    Optional<Gram> gram = problem.moment().gram();
    double[] errors = new double[weights.rows()];
    if (gram.isPresent()) {
      double[] perRow = OutputError.perRow(change, gram.get(), problem.compute());
      for (int row = 0; row < errors.length; row++) {
        errors[row] = Math.max(0, perRow[row]) / gram.get().weight();
      }
      return errors;
    }
    for (int i = 0; i < change.data().length; i++) {
      double value = change.data()[i];
      errors[i / weights.columns()] += value * value;
    }
    return errors;
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    int rows = residual.rows();
    int count = wideRows(rows);
    if (count == 0 || count == rows) {
      return new QuantizedSpec(count == 0 ? narrow : wide, false).fit(residual, problem);
    }
    int[] order = ColumnGroups.ascending(sensitivities(residual, problem));
    int[] index = new int[rows];
    for (int i = rows - count; i < rows; i++) {
      index[order[i]] = 1;
    }
    return List.of(
        MixedTerm.of(
            MixedTerm.Axis.ROWS,
            1,
            List.of(
                part(narrow, residual, index, 0, problem), part(wide, residual, index, 1, problem)),
            index));
  }

  private static WeightTerm part(
      Quantizer quantizer, FloatMatrix matrix, int[] index, int part, FitProblem problem) {
    return new QuantizedTerm(problem.quantize(quantizer, Matrices.rows(matrix, index, part)));
  }

  private int wideRows(int rows) {
    return (int) Math.round(share * rows);
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return EnumSet.of(StatisticNeed.GRAM);
  }

  @Override
  public String label() {
    return WidthSteps.ROWS.label(this);
  }

  /**
   * What the layer will take if it has the share as it is; of a share of the model this holds for
   * all layers together, to within a row.
   */
  @Override
  public long storageBits(int rows, int columns) {
    int count = wideRows(rows);
    if (count == 0 || count == rows) {
      return SchemeBits.of((count == 0 ? narrow : wide).scheme(), rows, columns);
    }
    return SchemeBits.of(narrow.scheme(), rows - count, columns)
        + SchemeBits.of(wide.scheme(), count, columns)
        + MixedTerm.indexStorageBits(2, rows);
  }
}
