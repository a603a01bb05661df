// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A rotation given as a dense matrix, {@code x' = x Q} with {@code Q Q^T = I}: principal axes of
 * the inputs (KLT, as in MambaQuant, Xu et al., arXiv 2501.13484), or rotations learned elsewhere
 * (SpinQuant).
 */
public final class OrthogonalTransform implements InputTransform {
  private static final double TOLERANCE = 1e-3;
  private static final int PROBES = 8;

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
   * @throws IllegalArgumentException if it is not square, or not orthogonal to 1e-3
   */
  public static OrthogonalTransform of(FloatMatrix matrix) {
    int n = matrix.rows();
    if (n == 0 || matrix.columns() != n) {
      throw new IllegalArgumentException("matrix: " + matrix + ", expected a square matrix");
    }
    FloatMatrix transposed = matrix.transpose();
    requireOrthogonal(matrix, transposed);
    return new OrthogonalTransform(matrix.copy(), transposed);
  }

  /** Lengths of all rows, and {@code (v Q) Q^T = v} for a few vectors: {@code n^2} operations. */
  private static void requireOrthogonal(FloatMatrix matrix, FloatMatrix transposed) {
    int n = matrix.rows();
    for (int row = 0; row < n; row++) {
      double norm = 0;
      for (int j = 0; j < n; j++) {
        double value = matrix.data()[row * n + j];
        norm += value * value;
      }
      requireNear(1, norm, "row " + row + " has squared length ");
    }
    SplittableRandom random = new SplittableRandom(n);
    for (int probe = 0; probe < PROBES; probe++) {
      double[] vector = new double[n];
      for (int i = 0; i < n; i++) {
        vector[i] = random.nextBoolean() ? 1 : -1;
      }
      double[] back = product(product(vector, matrix), transposed);
      for (int i = 0; i < n; i++) {
        requireNear(vector[i], back[i], "rotated there and back, a vector of 1 and -1 has ");
      }
    }
  }

  private static double[] product(double[] vector, FloatMatrix matrix) {
    int n = vector.length;
    double[] result = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        result[j] += vector[i] * matrix.data()[i * n + j];
      }
    }
    return result;
  }

  private static void requireNear(double expected, double found, String what) {
    if (!(Math.abs(found - expected) <= TOLERANCE)) {
      throw new IllegalArgumentException(
          "matrix: "
              + what
              + found
              + ", expected "
              + expected
              + " within "
              + TOLERANCE
              + "; a matrix that is not orthogonal makes a DenseTransform");
    }
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
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    int n = size();
    compute.multiplyTransposed(
        MatrixView.dense(x, xOffset, tokens, n),
        MatrixView.of(transposed),
        false,
        MatrixView.dense(y, yOffset, tokens, n));
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
