// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.Rounding;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Fits a quantizer to each of several sets of columns, one set after the other.
 *
 * <p>With error feedback the sets are one problem, not several. Let P be the set at hand and F all
 * columns that come later. GPTQ over all columns in this order is GPTQ on P with the moment {@code
 * H_PP - H_PF H_FF^-1 H_FP}, which is what is left of an error in P once F has made up for it,
 * followed by {@code W_F += E_P H_PF H_FF^-1}, which is how F makes up for it.
 */
final class ColumnParts {
  /** What GPTQ adds to the diagonal by default, as a share of its mean. */
  private static final double[] DAMPING = {0.01, 0.1, 1};

  private final FitProblem problem;
  private final Compute compute;
  private final FloatMatrix weights;

  private ColumnParts(FitProblem problem, FloatMatrix weights) {
    this.problem = problem;
    this.compute = problem.compute();
    this.weights = weights;
  }

  /**
   * Fits quantizers, the last one's columns first.
   *
   * @param unit columns that stay together
   * @param quantizers one for each set; sets without columns are left out
   * @param index for each run of {@code unit} columns its set
   * @return one matrix if there is only one set
   */
  static WeightTerm fit(
      FloatMatrix residual, FitProblem problem, int unit, List<Quantizer> quantizers, int[] index) {
    int[] present = IntStream.of(index).distinct().sorted().toArray();
    if (present.length == 1) {
      return new QuantizedTerm(problem.quantize(quantizers.get(present[0]), residual));
    }
    int[] renumbered = IntStream.of(index).map(set -> Arrays.binarySearch(present, set)).toArray();
    boolean feedback =
        IntStream.of(present)
            .mapToObj(quantizers::get)
            .flatMap(quantizer -> quantizer.roundings().stream())
            .anyMatch(Rounding::needsGram);
    ColumnParts fitting = new ColumnParts(problem, residual.copy());
    WeightTerm[] parts = new WeightTerm[present.length];
    for (int p = present.length - 1; p >= 0; p--) {
      int part = p;
      int[] columns = columns(renumbered, unit, set -> set == part);
      int[] later = columns(renumbered, unit, set -> set < part);
      parts[p] = fitting.fit(quantizers.get(present[p]), columns, later, feedback);
    }
    return MixedTerm.of(
        MixedTerm.Axis.COLUMNS, unit, new ArrayList<>(Arrays.asList(parts)), renumbered);
  }

  private static int[] columns(int[] index, int unit, IntPredicate chosen) {
    return IntStream.range(0, index.length * unit)
        .filter(column -> chosen.test(index[column / unit]))
        .toArray();
  }

  private WeightTerm fit(Quantizer quantizer, int[] columns, int[] later, boolean feedback) {
    FloatMatrix own = Matrices.columns(weights, columns);
    Optional<Gram> gram = problem.moment().gram();
    FloatMatrix transfer =
        feedback && gram.isPresent() && later.length > 0
            ? transfer(gram.get(), columns, later)
            : null;
    Optional<Gram> left =
        problem.moment().given().map(given -> left(given, columns, later, transfer));
    QuantizedTerm term = new QuantizedTerm(problem.quantize(quantizer, own, left));
    if (transfer != null) {
      FloatMatrix error =
          Matrices.difference(own, Matrices.dense(own.rows(), own.columns(), List.of(term)));
      FloatMatrix change = FloatMatrix.zeros(own.rows(), later.length);
      compute.multiplyAdd(1, MatrixView.of(error), MatrixView.of(transfer), MatrixView.of(change));
      for (int row = 0; row < own.rows(); row++) {
        for (int j = 0; j < later.length; j++) {
          weights.data()[row * weights.columns() + later[j]] +=
              change.data()[row * later.length + j];
        }
      }
    }
    return term;
  }

  /** {@code H_PF H_FF^-1} of the damped moment; null if it cannot be inverted. */
  private @Nullable FloatMatrix transfer(Gram gram, int[] columns, int[] later) {
    FloatMatrix across = block(gram, columns, later);
    double mean = 0;
    for (float value : gram.diagonal()) {
      mean += (double) value / gram.size();
    }
    for (double share : DAMPING) {
      FloatMatrix damped = block(gram, later, later);
      for (int j = 0; j < later.length; j++) {
        damped.data()[j * later.length + j] += (float) (share * mean);
      }
      Optional<LdlFactorization> factors = LdlFactorization.of(damped, compute);
      if (factors.isPresent()) {
        FloatMatrix transfer = FloatMatrix.zeros(columns.length, later.length);
        compute.multiplyAdd(
            1,
            MatrixView.of(across),
            MatrixView.of(factors.get().inverse(compute)),
            MatrixView.of(transfer));
        return transfer.isFinite() ? transfer : null;
      }
    }
    return null;
  }

  /** What is left of an error once later columns have made up for it. */
  private Gram left(Gram gram, int[] columns, int[] later, @Nullable FloatMatrix transfer) {
    FloatMatrix own = block(gram, columns, columns);
    if (transfer != null) {
      compute.multiplyAdd(
          -1,
          MatrixView.of(transfer),
          MatrixView.of(block(gram, later, columns)),
          MatrixView.of(own));
      int n = columns.length;
      for (int i = 0; i < n; i++) {
        // Of inputs that are never zero something is always left.
        float diagonal = gram.values()[columns[i] * gram.size() + columns[i]];
        own.data()[i * n + i] = Math.max(own.data()[i * n + i], 1e-6f * diagonal);
        for (int j = 0; j < i; j++) {
          float mean = (own.data()[i * n + j] + own.data()[j * n + i]) / 2;
          own.data()[i * n + j] = mean;
          own.data()[j * n + i] = mean;
        }
      }
    }
    return Gram.wrap(own, gram.weight(), gram.tokens());
  }

  private static FloatMatrix block(Gram gram, int[] rows, int[] columns) {
    FloatMatrix values = FloatMatrix.zeros(rows.length, columns.length);
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < columns.length; j++) {
        values.data()[i * columns.length + j] = gram.values()[rows[i] * gram.size() + columns[j]];
      }
    }
    return values;
  }
}
