// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

/** Small symmetric systems of equations in double, one for each row. */
final class SmallCholesky {
  private SmallCholesky() {}

  /**
   * Solves {@code A x = b}; unknowns whose diagonal is not positive get 0.
   *
   * @param matrix the lower triangle, row-major; overwritten
   * @param vector b, overwritten by x
   * @param ridge what is added to the diagonal, as a share of each of its elements
   * @return whether the matrix is positive definite in this precision; if not, the vector is lost
   */
  static boolean solve(double[] matrix, double[] vector, double ridge) {
    int size = vector.length;
    for (int i = 0; i < size; i++) {
      if (matrix[i * size + i] > 0) {
        continue;
      }
      for (int k = 0; k < size; k++) {
        matrix[Math.max(i, k) * size + Math.min(i, k)] = 0;
      }
      matrix[i * size + i] = 1;
      vector[i] = 0;
    }
    for (int i = 0; i < size; i++) {
      double diagonal = matrix[i * size + i];
      matrix[i * size + i] *= 1 + ridge;
      for (int j = 0; j <= i; j++) {
        double sum = matrix[i * size + j];
        for (int k = 0; k < j; k++) {
          sum -= matrix[i * size + k] * matrix[j * size + k];
        }
        if (j < i) {
          matrix[i * size + j] = sum / matrix[j * size + j];
        } else if (sum > 0.5 * ridge * diagonal) {
          matrix[i * size + i] = Math.sqrt(sum);
        } else {
          return false;
        }
      }
    }
    for (int i = 0; i < size; i++) {
      for (int k = 0; k < i; k++) {
        vector[i] -= matrix[i * size + k] * vector[k];
      }
      vector[i] /= matrix[i * size + i];
    }
    for (int i = size - 1; i >= 0; i--) {
      for (int k = i + 1; k < size; k++) {
        vector[i] -= matrix[k * size + i] * vector[k];
      }
      vector[i] /= matrix[i * size + i];
    }
    return true;
  }
}
