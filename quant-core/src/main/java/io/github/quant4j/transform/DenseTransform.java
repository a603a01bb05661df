// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Any invertible matrix, {@code x' = x A}: for transforms that were learned elsewhere (AffineQuant,
 * Ma et al., arXiv 2403.12544).
 */
public final class DenseTransform implements InputTransform {
  private final FloatMatrix matrix;
  private volatile @Nullable FloatMatrix inverse;

  private DenseTransform(FloatMatrix matrix, @Nullable FloatMatrix inverse) {
    this.matrix = matrix;
    this.inverse = inverse;
  }

  /**
   * A transform by a given matrix; its inverse is computed in double precision.
   *
   * <p>Cost: {@code n^3} multiply-adds.
   *
   * @param matrix A, {@code [n, n]}; copied
   * @return the transform
   * @throws IllegalArgumentException if it is not square, not finite, or singular in single
   *     precision
   */
  public static DenseTransform of(FloatMatrix matrix) {
    return new DenseTransform(matrix.copy(), SquareMatrices.inverse("matrix", matrix));
  }

  /** A transform whose matrix was checked when it was stored; running it needs no inverse. */
  static DenseTransform trusted(FloatMatrix matrix) {
    if (matrix.rows() == 0 || matrix.columns() != matrix.rows()) {
      throw new IllegalArgumentException("matrix: " + matrix + ", expected a square matrix");
    }
    return new DenseTransform(matrix, null);
  }

  private FloatMatrix inverseMatrix() {
    FloatMatrix known = inverse;
    if (known == null) {
      // Two threads may both compute it; they get the same.
      known = SquareMatrices.inverse("matrix", matrix);
      inverse = known;
    }
    return known;
  }

  /**
   * The matrix.
   *
   * @return A, {@code [n, n]}, a copy
   */
  public FloatMatrix matrix() {
    return matrix.copy();
  }

  @Override
  public int size() {
    return matrix.rows();
  }

  @Override
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    int n = size();
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(y, yOffset + t * n, yOffset + (t + 1) * n, 0f);
    }
    compute.multiplyAdd(
        1,
        MatrixView.dense(x, xOffset, tokens, n),
        MatrixView.of(matrix),
        MatrixView.dense(y, yOffset, tokens, n));
  }

  @Override
  public DenseTransform inverse() {
    return new DenseTransform(inverseMatrix(), matrix);
  }

  @Override
  public DenseTransform linearPart() {
    return this;
  }

  @Override
  public DenseTransform contragredient() {
    return new DenseTransform(inverseMatrix().transpose(), matrix.transpose());
  }

  @Override
  public boolean hasConstant() {
    return false;
  }

  @Override
  public boolean keepsChannels() {
    return false;
  }

  @Override
  public boolean isOrthogonal() {
    return false;
  }

  @Override
  public long operationsPerToken() {
    return (long) size() * size();
  }

  @Override
  public Set<FoldPlace> foldPlaces() {
    return EnumSet.of(FoldPlace.PRODUCER_ROWS, FoldPlace.PRODUCER_BIAS);
  }

  @Override
  public String describe() {
    return "dense[" + size() + "]";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DenseTransform dense
        && Arrays.equals(matrix.data(), dense.matrix.data());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(matrix.data());
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
