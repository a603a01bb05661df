// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.statistic.ChannelRanges;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Input channels of large activations in a wide format, the others in a narrow one: QUIK (Ashkboos
 * et al., arXiv 2310.09259) with binary16, PTQ1.61 (arXiv 2502.13179) with 4 bits beside 1. The
 * wide columns read their input as it is, whatever the activation quantizer.
 *
 * @param narrow quantizer of the other columns
 * @param share of the columns that are wide, above 0, below 1; rounded up so that groups of both
 *     kinds come out even
 * @param wide quantizer of the wide columns, or empty for binary16
 */
public record ColumnsSpec(Quantizer narrow, double share, Optional<Quantizer> wide)
    implements TermSpec {

  /**
   * Checks the share.
   *
   * @throws IllegalArgumentException if it is not between 0 and 1, or a quantizer orders columns
   */
  public ColumnsSpec {
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("share: " + share + ", expected above 0, below 1");
    }
    OrderedColumns.refuse(narrow, "columns");
    BlockTerms.refuse(narrow, "columns");
    wide.ifPresent(quantizer -> OrderedColumns.refuse(quantizer, "columns"));
    wide.ifPresent(quantizer -> BlockTerms.refuse(quantizer, "columns"));
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    int columns = residual.columns();
    int count = wideColumns(columns);
    double[] magnitude = magnitudes(problem);
    int[] order =
        IntStream.range(0, columns)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer j) -> -magnitude[j]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] wideColumns = IntStream.of(order).limit(count).sorted().toArray();
    int[] narrowColumns = IntStream.of(order).skip(count).sorted().toArray();
    WeightTerm narrowTerm =
        new QuantizedTerm(
            problem.quantize(
                narrow,
                Matrices.columns(residual, narrowColumns),
                problem.moment().given().map(gram -> part(gram, narrowColumns))));
    FloatMatrix wideWeights = Matrices.columns(residual, wideColumns);
    WeightTerm wideTerm =
        wide.<WeightTerm>map(
                quantizer ->
                    new QuantizedTerm(
                        problem.quantize(
                            quantizer,
                            wideWeights,
                            problem.moment().given().map(gram -> part(gram, wideColumns)))))
            .orElseGet(() -> DenseSpec.term(wideWeights, DType.F16));
    return List.of(
        ColumnTerm.of(narrowTerm, narrowColumns, columns, true),
        ColumnTerm.of(wideTerm, wideColumns, columns, false));
  }

  private int unit(int columns) {
    int unit = groupSize(narrow);
    if (columns % unit != 0) {
      throw new IllegalArgumentException(
          "columns: groups of " + unit + " do not divide the " + columns + " inputs");
    }
    int other = wide.map(ColumnsSpec::groupSize).orElse(1);
    return unit % other == 0 ? unit : unit * other;
  }

  private static int groupSize(Quantizer quantizer) {
    return quantizer.scheme().granularity() instanceof Granularity.PerGroup(int size) ? size : 1;
  }

  private int wideColumns(int columns) {
    int unit = unit(columns);
    int count = Math.ceilDiv((int) Math.ceil(share * columns), unit) * unit;
    if (count >= columns) {
      throw new IllegalArgumentException(
          "columns: "
              + count
              + " wide columns of "
              + columns
              + " leave none to "
              + narrow
              + ", expected a smaller share or smaller groups");
    }
    return count;
  }

  /** The columns that stay narrow, whose input is quantized. */
  int narrowColumns(int columns) {
    return columns - wideColumns(columns);
  }

  private static double[] magnitudes(FitProblem problem) {
    Optional<ChannelRanges> ranges = problem.statistics().flatMap(InputStatistics::ranges);
    if (ranges.isEmpty()) {
      return problem.moment().diagonal();
    }
    float[] largest = ranges.get().absoluteMaximum();
    double[] result = new double[largest.length];
    for (int j = 0; j < result.length; j++) {
      result[j] = largest[j];
    }
    return result;
  }

  private static Gram part(Gram gram, int[] columns) {
    int n = columns.length;
    FloatMatrix values = FloatMatrix.zeros(n, n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        values.data()[i * n + j] = gram.values()[columns[i] * gram.size() + columns[j]];
      }
    }
    return Gram.wrap(values, gram.weight(), gram.tokens());
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    Set<StatisticNeed> needs = EnumSet.of(StatisticNeed.CHANNELS);
    if (narrow.needsGram() || wide.map(Quantizer::needsGram).orElse(false)) {
      needs.add(StatisticNeed.GRAM);
    }
    return needs;
  }

  @Override
  public String label() {
    return TermSteps.COLUMNS.label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    int count = wideColumns(columns);
    long wideBits =
        wide.map(quantizer -> SchemeBits.of(quantizer.scheme(), rows, count))
            .orElse((long) Short.SIZE * rows * count);
    // Each column is named once, in the part that has it.
    long names = (long) Integer.SIZE * columns;
    return SchemeBits.of(narrow.scheme(), rows, columns - count) + wideBits + names;
  }
}
