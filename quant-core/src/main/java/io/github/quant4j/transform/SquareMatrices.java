// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.tensor.FloatMatrix;

/** Inverses of small general matrices, in double precision. */
final class SquareMatrices {
  /** Beyond this, a product of the matrix and its inverse in floats has no correct digit. */
  private static final double WORST_CONDITION = 1e6;

  private SquareMatrices() {}

  /** Gauss-Jordan with row pivots; refuses matrices that single precision cannot invert. */
  static FloatMatrix inverse(String name, FloatMatrix matrix) {
    int n = matrix.rows();
    if (n == 0 || matrix.columns() != n) {
      throw new IllegalArgumentException(name + ": " + matrix + ", expected a square matrix");
    }
    if (!matrix.isFinite()) {
      throw new IllegalArgumentException(
          name + ": " + matrix + " has an element that is not finite");
    }
    double[][] left = new double[n][n];
    double[][] right = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        left[i][j] = matrix.data()[i * n + j];
      }
      right[i][i] = 1;
    }
    double norm = rowSumNorm(left);
    for (int column = 0; column < n; column++) {
      pivot(name, matrix, left, right, column);
      double[] leftRow = left[column];
      double[] rightRow = right[column];
      for (int row = 0; row < n; row++) {
        double factor = left[row][column];
        if (row != column && factor != 0) {
          for (int j = 0; j < n; j++) {
            left[row][j] -= factor * leftRow[j];
            right[row][j] -= factor * rightRow[j];
          }
        }
      }
    }
    double condition = norm * rowSumNorm(right);
    if (!(condition <= WORST_CONDITION)) {
      throw new IllegalArgumentException(
          name
              + ": "
              + matrix
              + " has condition number "
              + condition
              + ", expected at most "
              + WORST_CONDITION);
    }
    FloatMatrix inverse = FloatMatrix.zeros(n, n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        inverse.data()[i * n + j] = (float) right[i][j];
      }
    }
    return inverse;
  }

  private static void pivot(
      String name, FloatMatrix matrix, double[][] left, double[][] right, int column) {
    int best = column;
    for (int row = column + 1; row < left.length; row++) {
      if (Math.abs(left[row][column]) > Math.abs(left[best][column])) {
        best = row;
      }
    }
    double[] swap = left[column];
    left[column] = left[best];
    left[best] = swap;
    swap = right[column];
    right[column] = right[best];
    right[best] = swap;
    double pivot = left[column][column];
    if (pivot == 0) {
      throw new IllegalArgumentException(name + ": " + matrix + " is singular");
    }
    for (int j = 0; j < left.length; j++) {
      left[column][j] /= pivot;
      right[column][j] /= pivot;
    }
  }

  private static double rowSumNorm(double[][] rows) {
    double largest = 0;
    for (double[] row : rows) {
      double sum = 0;
      for (double value : row) {
        sum += Math.abs(value);
      }
      largest = Math.max(largest, sum);
    }
    return largest;
  }
}
