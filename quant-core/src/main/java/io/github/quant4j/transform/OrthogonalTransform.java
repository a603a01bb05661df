// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * A rotation given as a dense matrix, {@code x' = x Q} with {@code Q Q^T = I}: principal axes of
 * the inputs (KLT, as in MambaQuant, Xu et al., arXiv 2501.13484), or rotations learned elsewhere
 * (SpinQuant).
 */
public final class OrthogonalTransform implements InputTransform {
  private static final double TOLERANCE = 1e-3;

  private final FloatMatrix matrix;
  private final FloatMatrix transposed;

  private OrthogonalTransform(FloatMatrix matrix, FloatMatrix transposed) {
    this.matrix = matrix;
    this.transposed = transposed;
  }

  /**
   * A rotation by a given matrix.
   *
   * @param matrix Q, {@code [n, n]}; copied
   * @return the transform
   * @throws IllegalArgumentException if it is not square, or an entry of {@code Q Q^T} differs from
   *     the identity by more than 1e-3
   */
  public static OrthogonalTransform of(FloatMatrix matrix) {
    int n = matrix.rows();
    if (n == 0 || matrix.columns() != n) {
      throw new IllegalArgumentException("matrix: " + matrix + ", expected a square matrix");
    }
    float[] q = matrix.data();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double dot = 0;
        for (int k = 0; k < n; k++) {
          dot += (double) q[i * n + k] * q[j * n + k];
        }
        if (!(Math.abs(dot - (i == j ? 1 : 0)) <= TOLERANCE)) {
          throw new IllegalArgumentException(
              "matrix: rows "
                  + i
                  + " and "
                  + j
                  + " have product "
                  + dot
                  + ", expected "
                  + (i == j ? 1 : 0)
                  + " within "
                  + TOLERANCE
                  + "; a matrix that is not orthogonal makes a DenseTransform");
        }
      }
    }
    return new OrthogonalTransform(matrix.copy(), matrix.transpose());
  }

  /**
   * The matrix.
   *
   * @return Q, {@code [n, n]}, a copy
   */
  public FloatMatrix matrix() {
    return matrix.copy();
  }

  @Override
  public int size() {
    return matrix.rows();
  }

  @Override
  public void apply(
      float[] x,
      int xOffset,
      int tokens,
      float[] y,
      int yOffset,
      LinearAlgebra algebra,
      WorkerTeam team) {
    checkBatch(x, xOffset, tokens, y, yOffset);
    int n = size();
    algebra.multiplyTransposed(
        tokens, n, n, x, xOffset, n, transposed.data(), 0, n, false, y, yOffset, n, team);
  }

  @Override
  public OrthogonalTransform inverse() {
    return new OrthogonalTransform(transposed, matrix);
  }

  @Override
  public OrthogonalTransform linearPart() {
    return this;
  }

  @Override
  public OrthogonalTransform contragredient() {
    return this;
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
    return true;
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
    return "rotation[" + size() + "]";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OrthogonalTransform rotation
        && Arrays.equals(matrix.data(), rotation.matrix.data());
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
