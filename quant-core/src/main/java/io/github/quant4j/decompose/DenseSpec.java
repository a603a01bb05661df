// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.FloatStorage;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Weights that stay floating-point numbers, for layers of which only the input is quantized.
 *
 * @param stored F16, BF16 or F32
 */
public record DenseSpec(DType stored) implements TermSpec {

  /**
   * Checks the type.
   *
   * @throws IllegalArgumentException if it is another one
   */
  public DenseSpec {
    if (stored != DType.F16 && stored != DType.BF16 && stored != DType.F32) {
      throw new IllegalArgumentException("stored: " + stored + ", expected F16, BF16 or F32");
    }
  }

  /**
   * Rounds to the stored type; a matrix of weights beyond its range, or of weights so small that
   * they vanish in it, is stored as binary32.
   */
  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    return List.of(term(residual, stored));
  }

  /** A matrix in a type, or in binary32 if that type does not do. */
  static DenseTerm term(FloatMatrix matrix, DType stored) {
    return FloatStorage.suffices(stored, matrix.data())
        ? new DenseTerm(FloatStorage.rounded(matrix, stored), stored)
        : new DenseTerm(matrix, DType.F32);
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return stored.label().toLowerCase(Locale.ROOT);
  }

  @Override
  public long storageBits(int rows, int columns) {
    return (long) rows * columns * stored.bits();
  }
}
