// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.statistic.Gram;

/** Small least-squares problems with the second moment as metric. */
final class LeastSquares {
  private static final double DAMPING = 1e-3;

  private LeastSquares() {}

  /**
   * The change at some columns that makes up best for an error at the others: {@code -H_mm^-1 H_mo
   * e_o}, with H_mm slightly damped. Zeros where the moment is not known or cannot be solved.
   */
  static double[] compensation(InputMoment moment, double[] error, int[] columns) {
    int m = columns.length;
    double[] right = new double[m];
    Gram gram = moment.gram().orElse(null);
    if (gram == null || m == 0) {
      return right;
    }
    int n = gram.size();
    float[] h = gram.values();
    double mean = 0;
    for (int j = 0; j < n; j++) {
      mean += (double) h[j * n + j] / n;
    }
    double[][] matrix = new double[m][m];
    for (int a = 0; a < m; a++) {
      for (int j = 0; j < n; j++) {
        right[a] -= h[columns[a] * n + j] * error[j];
      }
      for (int b = 0; b < m; b++) {
        matrix[a][b] = h[columns[a] * n + columns[b]];
      }
      matrix[a][a] += DAMPING * mean;
    }
    return solve(matrix, right) ? right : new double[m];
  }

  /** Cholesky in place; false if a pivot is not positive. */
  private static boolean solve(double[][] a, double[] b) {
    int m = b.length;
    for (int i = 0; i < m; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= a[i][k] * a[j][k];
        }
        if (i == j) {
          if (!(sum > 0)) {
            return false;
          }
          a[i][i] = Math.sqrt(sum);
        } else {
          a[i][j] = sum / a[j][j];
        }
      }
    }
    for (int i = 0; i < m; i++) {
      for (int k = 0; k < i; k++) {
        b[i] -= a[i][k] * b[k];
      }
      b[i] /= a[i][i];
    }
    for (int i = m - 1; i >= 0; i--) {
      for (int k = i + 1; k < m; k++) {
        b[i] -= a[k][i] * b[k];
      }
      b[i] /= a[i][i];
    }
    return true;
  }
}
