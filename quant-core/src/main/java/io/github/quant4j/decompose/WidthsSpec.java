// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Groups of columns in one bit less, the same, or one bit more, as many of these as of those, so
 * that the mean width stays: SliM-LLM (Huang et al., arXiv 2405.14917).
 *
 * <p>Groups are ordered by their salience, the mean of {@code w^2 / [H^-1]_jj^2} over all rows. The
 * p least salient get one bit less, the p most salient one more; p is that with the least {@code
 * KL(softmax(X W^T) || softmax(X W'^T))} over a sample X of the inputs, W' rounded to nearest with
 * the quantizer's own ranges. In the end the uniform width is kept where it has the lesser output
 * error. Cost of the choice: {@code tokens out in} multiply-adds and {@code tokens out groups / 2}
 * exponentials, or {@code groups / 2} times {@code out in^2} if it goes by the output error.
 *
 * @param quantizer of the groups that keep their width: integers of 2 to 7 bits in groups of inputs
 * @param measure by what p is chosen
 */
public record WidthsSpec(Quantizer quantizer, Measure measure) implements TermSpec {
  private static final String WORD = "widths";
  private static final int MOST_TOKENS = 256;

  /** Parts of one bit less, the same, one more. */
  private static final int PARTS = 3;

  /** By what the number of widened groups is chosen. */
  public enum Measure {
    /** Divergence of the softmax of the outputs, as the paper has it. */
    KL,
    /** Squared error of the outputs, {@code tr(E H E^T)}. */
    ERROR
  }

  /**
   * Checks the quantizer.
   *
   * @throws IllegalArgumentException if its format is not an integer one of 2 to 7 bits, or its
   *     scales are not those of groups of inputs
   */
  public WidthsSpec {
    OrderedColumns.refuse(quantizer, "widths");
    BlockTerms.refuse(quantizer, "widths");
    ColumnGroups.size(WORD, quantizer);
    if (!(quantizer.scheme().choice() instanceof FormatChoice.Fixed(IntegerFormat(int bits))
        && bits >= 2
        && bits <= 7)) {
      throw new IllegalArgumentException(
          WORD
              + ": "
              + quantizer.scheme().choice()
              + ", expected int2 to int7, which have a neighbour on both sides");
    }
  }

  /** Columns of a group. */
  int size() {
    return ColumnGroups.size(WORD, quantizer);
  }

  /** The same quantizer one bit narrower (-1), as it is (0) or one wider (1). */
  private Quantizer changed(int by) {
    QuantScheme scheme = quantizer.scheme();
    int bits = scheme.bits() + by;
    // A single bit without a zero point is a sign.
    NumberFormat format =
        bits == 1 && scheme.symmetric() ? Codebook.BINARY : new IntegerFormat(bits);
    return Quantizer.of(scheme.withFormat(format), quantizer.search(), quantizer.roundings());
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    int size = size();
    int groups = ColumnGroups.count(WORD, residual.columns(), size);
    int[] order = ColumnGroups.ascending(ColumnGroups.salience(residual, problem, size));
    int exchanged = exchanged(residual, problem, order);
    int[] index = new int[groups];
    for (int i = 0; i < groups; i++) {
      index[order[i]] = i < exchanged ? 0 : i >= groups - exchanged ? 2 : 1;
    }
    WeightTerm mixed =
        ColumnParts.fit(
            residual, problem, size, List.of(changed(-1), quantizer, changed(1)), index);
    if (exchanged == 0) {
      return List.of(mixed);
    }
    // What promised less with nearest rounding may have lost it in the feedback.
    WeightTerm uniform = new QuantizedTerm(problem.quantize(quantizer, residual));
    return List.of(
        error(mixed, residual, problem) < error(uniform, residual, problem) ? mixed : uniform);
  }

  private static double error(WeightTerm term, FloatMatrix residual, FitProblem problem) {
    FloatMatrix dense = Matrices.dense(residual.rows(), residual.columns(), List.of(term));
    return problem.moment().error(Matrices.difference(dense, residual));
  }

  /** How many groups get one bit less, and how many one more. */
  private int exchanged(FloatMatrix residual, FitProblem problem, int[] order) {
    FloatMatrix[] trials = new FloatMatrix[PARTS];
    ScaleSearch search = quantizer.search().needsGram() ? new MinMaxSearch() : quantizer.search();
    for (int i = 0; i < PARTS; i++) {
      Quantizer nearest =
          Quantizer.of(changed(i - 1).scheme(), search, List.of(new NearestRounding()));
      trials[i] = problem.quantize(nearest, residual, Optional.empty()).dequantize();
    }
    return measure == Measure.KL && problem.sample().isPresent()
        ? leastDivergence(residual, problem.sample().get(), trials, order, problem.compute())
        : leastError(residual, problem, trials, order);
  }

  private int leastDivergence(
      FloatMatrix residual,
      FloatMatrix sample,
      FloatMatrix[] trials,
      int[] order,
      Compute compute) {
    FloatMatrix inputs = sample.rowRange(0, Math.min(MOST_TOKENS, sample.rows()));
    FloatMatrix expected = FloatMatrix.zeros(inputs.rows(), residual.rows());
    FloatMatrix outputs = FloatMatrix.zeros(inputs.rows(), residual.rows());
    compute.multiplyTransposed(
        MatrixView.of(inputs), MatrixView.of(residual), false, MatrixView.of(expected));
    compute.multiplyTransposed(
        MatrixView.of(inputs), MatrixView.of(trials[1]), false, MatrixView.of(outputs));
    SoftmaxDivergence divergence = new SoftmaxDivergence(expected);
    int best = 0;
    double least = divergence.of(outputs);
    for (int p = 1; p <= order.length / 2; p++) {
      exchange(inputs, trials[1], trials[0], order[p - 1], outputs, compute);
      exchange(inputs, trials[1], trials[2], order[order.length - p], outputs, compute);
      double found = divergence.of(outputs);
      if (found < least) {
        least = found;
        best = p;
      }
    }
    return best;
  }

  /** The outputs once a group comes from another matrix. */
  private void exchange(
      FloatMatrix inputs,
      FloatMatrix from,
      FloatMatrix to,
      int group,
      FloatMatrix outputs,
      Compute compute) {
    int size = size();
    FloatMatrix change = FloatMatrix.zeros(from.rows(), size);
    for (int row = 0; row < from.rows(); row++) {
      for (int i = 0; i < size; i++) {
        int at = row * from.columns() + group * size + i;
        change.data()[row * size + i] = to.data()[at] - from.data()[at];
      }
    }
    compute.multiplyTransposed(
        new MatrixView(inputs.data(), group * size, inputs.rows(), size, inputs.columns()),
        MatrixView.of(change),
        true,
        MatrixView.of(outputs));
  }

  private int leastError(
      FloatMatrix residual, FitProblem problem, FloatMatrix[] trials, int[] order) {
    int size = size();
    FloatMatrix current = trials[1].copy();
    int best = 0;
    double least = problem.moment().error(Matrices.difference(current, residual));
    for (int p = 1; p <= order.length / 2; p++) {
      Matrices.copyColumns(trials[0], order[p - 1] * size, size, current);
      Matrices.copyColumns(trials[2], order[order.length - p] * size, size, current);
      double found = problem.moment().error(Matrices.difference(current, residual));
      if (found < least) {
        least = found;
        best = p;
      }
    }
    return best;
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    Set<StatisticNeed> needs = EnumSet.of(StatisticNeed.GRAM);
    if (measure == Measure.KL) {
      needs.add(StatisticNeed.SAMPLE);
    }
    return needs;
  }

  @Override
  public String label() {
    return WidthSteps.WIDTHS.label(this);
  }

  /** As many groups change as there are; those that keep their width spare part of the index. */
  @Override
  public long storageBits(int rows, int columns) {
    int size = size();
    int groups = ColumnGroups.count(WORD, columns, size);
    if (groups == 1) {
      return SchemeBits.of(quantizer.scheme(), rows, columns);
    }
    List<QuantScheme> parts = new ArrayList<>();
    parts.add(changed(-1).scheme());
    parts.add(changed(1).scheme());
    long bits = 0;
    for (QuantScheme scheme : parts) {
      bits += SchemeBits.of(scheme, rows, size);
    }
    if (groups > 2) {
      bits += SchemeBits.of(quantizer.scheme(), rows, (groups - 2) * size);
    }
    return bits + MixedTerm.indexStorageBits(Math.min(groups, PARTS), groups);
  }
}
