// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.commonsmath.CommonsMath;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * The eigenvalues and eigenvectors of a symmetric matrix, {@code A = V diag(values) V^T}, by
 * Commons Math in double: for the cold paths, such as a principal component rotation. Cost: some
 * {@code 10 n^3} operations on one thread, about a second for 512 rows and minutes for 4096.
 */
public final class SymmetricEigen {
  private final double[] values;
  private final FloatMatrix vectors;

  private SymmetricEigen(double[] values, FloatMatrix vectors) {
    this.values = values;
    this.vectors = vectors;
  }

  /**
   * Decomposes a matrix.
   *
   * @param matrix symmetric, {@code [n, n]}, finite; the mean of both triangles is used
   * @return the decomposition, largest eigenvalue first
   * @throws IllegalArgumentException if the matrix is not square or not finite
   */
  public static SymmetricEigen of(FloatMatrix matrix) {
    int size = matrix.rows();
    if (size != matrix.columns()) {
      throw new IllegalArgumentException("matrix: " + matrix + ", expected a square matrix");
    }
    if (!matrix.isFinite()) {
      throw new IllegalArgumentException("matrix: " + matrix + " has values that are not finite");
    }
    double[][] symmetric = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j <= i; j++) {
        double mean = 0.5 * ((double) matrix.get(i, j) + matrix.get(j, i));
        symmetric[i][j] = mean;
        symmetric[j][i] = mean;
      }
    }
    CommonsMath.Eigen eigen = CommonsMath.eigen(symmetric);
    FloatMatrix vectors = FloatMatrix.zeros(size, size);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        vectors.put(i, j, (float) eigen.vectors()[i][j]);
      }
    }
    return new SymmetricEigen(eigen.values(), vectors);
  }

  /**
   * The eigenvalues.
   *
   * @return the live array, in descending order
   */
  public double[] values() {
    return values;
  }

  /**
   * The eigenvectors.
   *
   * @return orthogonal {@code [n, n]}; column {@code k} belongs to value {@code k}
   */
  public FloatMatrix vectors() {
    return vectors;
  }
}
