// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.commonsmath.CommonsMath;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Outliers that are kept beside the quantized matrix.
 *
 * @param share of all weights, above 0, at most 0.5; or 0 if {@code sigmas} decides
 * @param sigmas standard deviations from the row's mean beyond which a weight is kept, or 0 if the
 *     share decides
 * @param criterion by what the share is chosen
 * @param values F16, F32, or I8 for whole multiples of a scale of the row, whose places are stored
 *     as briefly as possible, too
 * @param isLast whether outliers of the residual are kept, rather than of the weights
 */
public record SparseSpec(
    double share, double sigmas, OutlierCriterion criterion, DType values, boolean isLast)
    implements TermSpec {

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range, or not exactly one of share and sigmas
   *     is given
   */
  public SparseSpec {
    if (!(share >= 0 && share <= 0.5) || !(sigmas >= 0 && sigmas < 100)) {
      throw new IllegalArgumentException(
          "share: " + share + ", sigmas: " + sigmas + ", expected up to 0.5, or up to 100");
    }
    if (share > 0 == sigmas > 0) {
      throw new IllegalArgumentException(
          "share: " + share + ", sigmas: " + sigmas + ", expected one of them above 0");
    }
    if (sigmas > 0 && criterion != OutlierCriterion.MAGNITUDE) {
      throw new IllegalArgumentException(
          "criterion: " + criterion.label() + ", expected a share for it, not sigmas");
    }
    if (values != DType.F16 && values != DType.F32 && values != DType.I8) {
      throw new IllegalArgumentException("values: " + values + ", expected F16, F32 or I8");
    }
    if (isLast && criterion.isJoint()) {
      throw new IllegalArgumentException(
          "last: '" + criterion.label() + "' chooses while the others are rounded");
    }
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    BitSet chosen =
        sigmas > 0
            ? OutlierSelection.beyondSigma(residual, sigmas)
            : OutlierSelection.highest(
                OutlierSelection.scores(residual, criterion, problem), share);
    return List.of(new SparseTerm(SparseMatrix.of(residual, chosen, values)));
  }

  /**
   * Fits the values of an outlier term anew, once the others are quantized: each row's kept values
   * become those of the least output error, {@code e_m = -H_mm^-1 H_mo e_o} with the errors {@code
   * o} of the other weights.
   */
  SparseTerm refit(SparseTerm term, FloatMatrix residual, FitProblem problem) {
    SparseMatrix matrix = term.matrix();
    FloatMatrix values = residual.copy();
    BitSet kept = new BitSet();
    double[] error = new double[residual.columns()];
    for (int row = 0; row < matrix.rows(); row++) {
      int count = matrix.rowStart(row + 1) - matrix.rowStart(row);
      int[] columns = new int[count];
      for (int i = 0; i < count; i++) {
        columns[i] = matrix.column(matrix.rowStart(row) + i);
        kept.set(row * residual.columns() + columns[i]);
      }
      // The error of the other weights is minus the residual at their places.
      for (int j = 0; j < error.length; j++) {
        error[j] = -residual.data()[row * error.length + j];
      }
      for (int column : columns) {
        error[column] = 0;
      }
      double[] best = LeastSquares.compensation(problem.moment(), error, columns);
      for (int i = 0; i < count; i++) {
        values.data()[row * error.length + columns[i]] += (float) best[i];
      }
    }
    return new SparseTerm(SparseMatrix.of(values, kept, this.values));
  }

  /** How values are rounded while others are still to be rounded. */
  DType storedInLoop() {
    return values == DType.I8 ? DType.F32 : values;
  }

  /** The same places with the values that make up the residual there. */
  SparseTerm exact(SparseTerm term, FloatMatrix residual) {
    return new SparseTerm(SparseMatrix.of(residual, places(term), values));
  }

  /** Where the elements of a term are, by row-major position. */
  static BitSet places(SparseTerm term) {
    SparseMatrix matrix = term.matrix();
    BitSet places = new BitSet();
    for (int row = 0; row < matrix.rows(); row++) {
      for (int i = matrix.rowStart(row); i < matrix.rowStart(row + 1); i++) {
        places.set(row * matrix.columns() + matrix.column(i));
      }
    }
    return places;
  }

  @Override
  public Stage stage() {
    return isLast ? Stage.LAST : Stage.FIRST;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return criterion.needsGram()
        ? EnumSet.of(StatisticNeed.GRAM)
        : EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return TermSteps.SPARSE.label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    // Of normally distributed weights, for want of the real ones.
    double expected = sigmas > 0 ? CommonsMath.erfc(sigmas / Math.sqrt(2)) : share;
    long count = Math.round(expected * rows * columns);
    return SparseMatrix.storageBits(rows, columns, count, values);
  }
}
