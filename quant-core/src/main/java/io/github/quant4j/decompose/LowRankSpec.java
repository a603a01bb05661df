// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linalg.PowerOfTwoUnit;
import io.github.quant4j.linalg.TruncatedSvd;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A low-rank matrix beside the quantized one.
 *
 * <p>Plain, it is the truncated singular value decomposition of the residual: LoRC (Yao et al.,
 * arXiv 2303.08302), or fitted first SVDQuant (Li et al., arXiv 2411.05007). Weighted, it minimises
 * the output error {@code tr(E H E^T)} instead: with {@code H = R R^T} it is the decomposition of
 * {@code E R}, multiplied by {@code R^-1}. Scaled, only the diagonal of H is used (ASVD), as it is in
 * any case for factors of signs.
 *
 * @param rank columns of the left factor, at least 1; at most the smaller side is used
 * @param weighting by what errors are weighed
 * @param factors how the factors are stored
 * @param isFirst whether it is fitted to the weights, before they are quantized
 */
public record LowRankSpec(int rank, Weighting weighting, Factors factors, boolean isFirst)
    implements TermSpec {
  private static final int ITERATIONS = 6;
  private static final float FLOAT16_LARGEST = 65504;

  /** By what errors are weighed. */
  public enum Weighting {
    /** All alike. */
    PLAIN,
    /** By the root mean square of the input. */
    SCALED,
    /** By the second moment of the input. */
    WEIGHTED
  }

  /** How factors are stored. */
  public enum Factors {
    /** Binary16. */
    F16,
    /** Binary32. */
    F32,
    /** Bytes with a binary16 scale for each row. */
    INT8,
    /** Half bytes with a binary16 scale for each row. */
    INT4,
    /** Signs, with a binary16 scale for each pair of columns and rows. */
    INT1
  }

  /**
   * Checks the rank.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public LowRankSpec {
    if (rank < 1) {
      throw new IllegalArgumentException("rank: " + rank + ", expected at least 1");
    }
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    int used = Math.min(rank, Math.min(residual.rows(), residual.columns()));
    InputMoment moment = problem.moment();
    Optional<FloatMatrix> root = weighting == Weighting.WEIGHTED ? moment.root() : Optional.empty();
    double[] scale = new double[residual.columns()];
    Arrays.fill(scale, 1);
    // A moment that cannot be factored still has a diagonal.
    if (weighting != Weighting.PLAIN && root.isEmpty()) {
      scale = roots(moment.diagonal());
    }
    if (factors == Factors.INT1) {
      double[] power = new double[residual.columns()];
      double[] given = weighting == Weighting.PLAIN ? scale : roots(moment.diagonal());
      Arrays.setAll(power, j -> given[j] * given[j]);
      return SignFactors.fit(residual, used, power, moment.compute()).stream().toList();
    }
    float unit = PowerOfTwoUnit.of(residual);
    FloatMatrix inUnits = PowerOfTwoUnit.in(unit, residual);
    FloatMatrix weighed =
        root.isPresent() ? product(inUnits, root.get(), problem) : scaled(inUnits, scale, false);
    TruncatedSvd svd = TruncatedSvd.of(weighed, used, ITERATIONS, moment.compute());
    FloatMatrix left = svd.left().copy();
    FloatMatrix right = svd.right().copy();
    if (root.isPresent()) {
      right = solve(right, root.get());
    } else {
      right = scaled(right, scale, true);
    }
    double[] values = svd.values();
    for (int k = 0; k < values.length; k++) {
      values[k] *= unit;
    }
    balance(left, right, values);
    return List.of(new LowRankTerm(store(left, problem), store(right, problem)));
  }

  /** Root mean squares, with silent inputs at a thousandth of the mean so that they stay finite. */
  private static double[] roots(double[] squares) {
    double mean = 0;
    for (double square : squares) {
      mean += square / squares.length;
    }
    double[] roots = new double[squares.length];
    for (int j = 0; j < roots.length; j++) {
      roots[j] = mean > 0 ? Math.sqrt(Math.max(squares[j], 1e-6 * mean)) : 1;
    }
    return roots;
  }

  private static FloatMatrix product(FloatMatrix residual, FloatMatrix root, FitProblem problem) {
    FloatMatrix result = FloatMatrix.zeros(residual.rows(), residual.columns());
    problem
        .compute()
        .multiplyAdd(1, MatrixView.of(residual), MatrixView.of(root), MatrixView.of(result));
    return result;
  }

  private static FloatMatrix scaled(FloatMatrix matrix, double[] scale, boolean divide) {
    FloatMatrix result = matrix.copy();
    for (int i = 0; i < result.data().length; i++) {
      double factor = scale[i % scale.length];
      result.data()[i] = (float) (divide ? result.data()[i] / factor : result.data()[i] * factor);
    }
    return result;
  }

  /** Rows x with {@code x R = y}, R lower triangular: from the last column to the first. */
  private static FloatMatrix solve(FloatMatrix rows, FloatMatrix root) {
    int n = root.rows();
    float[] r = root.data();
    FloatMatrix result = FloatMatrix.zeros(rows.rows(), n);
    double[] y = new double[n];
    for (int row = 0; row < rows.rows(); row++) {
      for (int j = 0; j < n; j++) {
        y[j] = rows.data()[row * n + j];
      }
      for (int k = n - 1; k >= 0; k--) {
        double x = y[k] / r[k * n + k];
        result.data()[row * n + k] = (float) x;
        for (int j = 0; j < k; j++) {
          y[j] -= x * r[k * n + j];
        }
      }
    }
    return result;
  }

  /** Spreads each singular value so that column of the left and row of the right have one norm. */
  private static void balance(FloatMatrix left, FloatMatrix right, double[] values) {
    int rank = left.columns();
    for (int k = 0; k < rank; k++) {
      double norm = 0;
      for (int j = 0; j < right.columns(); j++) {
        double value = right.data()[k * right.columns() + j];
        norm += value * value;
      }
      norm = Math.sqrt(norm);
      double share = norm > 0 ? Math.sqrt(values[k] / norm) : 0;
      double other = norm > 0 ? Math.sqrt(values[k] * norm) : 0;
      for (int i = 0; i < left.rows(); i++) {
        left.data()[i * rank + k] *= (float) other;
      }
      for (int j = 0; j < right.columns(); j++) {
        right.data()[k * right.columns() + j] *= (float) share;
      }
    }
  }

  private WeightTerm store(FloatMatrix factor, FitProblem problem) {
    return switch (factors) {
      case F32 -> new DenseTerm(factor, DType.F32);
      case F16 -> {
        for (float value : factor.data()) {
          if (Math.abs(value) > FLOAT16_LARGEST) {
            yield new DenseTerm(factor, DType.F32);
          }
        }
        yield DenseSpec.term(factor, DType.F16);
      }
      case INT1 -> throw new IllegalStateException("signs are fitted otherwise");
      case INT8, INT4 ->
          new QuantizedTerm(
              Quantizer.of(
                      factors == Factors.INT8 ? "int8:channel:sym rtn" : "int4:channel:sym mse rtn")
                  .quantize(factor, problem.compute()));
    };
  }

  @Override
  public Stage stage() {
    return isFirst ? Stage.FIRST : Stage.LAST;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return weighting == Weighting.PLAIN
        ? EnumSet.noneOf(StatisticNeed.class)
        : EnumSet.of(StatisticNeed.GRAM);
  }

  @Override
  public String label() {
    return TermSteps.LOW_RANK.label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    long used = Math.min(rank, Math.min(rows, columns));
    if (factors == Factors.INT1) {
      return SignFactors.storageBits(rows, columns, used);
    }
    int bits =
        switch (factors) {
          case F32 -> Float.SIZE;
          case F16 -> Short.SIZE;
          case INT8 -> 8;
          case INT4 -> 4;
          case INT1 -> 1;
        };
    long scales = bits < Short.SIZE ? Short.SIZE * (rows + used) : 0;
    return bits * used * (rows + columns) + scales;
  }
}
