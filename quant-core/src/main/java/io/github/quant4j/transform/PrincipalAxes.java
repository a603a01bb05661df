// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * Eigenvectors of a symmetric matrix in double precision, by Householder tridiagonalisation and the
 * implicit QL method (Golub and Van Loan, Matrix Computations, 8.3).
 */
final class PrincipalAxes {
  private static final int MOST_SWEEPS = 60;

  private PrincipalAxes() {}

  /**
   * The eigenvectors as columns, the one of the largest eigenvalue first. Each is signed so that
   * its largest entry is positive.
   */
  static FloatMatrix of(double[][] symmetric) {
    int n = symmetric.length;
    double[][] vectors = new double[n][];
    for (int i = 0; i < n; i++) {
      vectors[i] = symmetric[i].clone();
    }
    double[] diagonal = new double[n];
    double[] off = new double[n];
    tridiagonalise(vectors, diagonal, off);
    // Rows are rotated rather than columns: they are contiguous in memory.
    double[][] rows = transposed(vectors);
    implicitQl(rows, diagonal, off);
    Integer[] order = new Integer[n];
    java.util.Arrays.setAll(order, i -> i);
    java.util.Arrays.sort(order, java.util.Comparator.comparingDouble((Integer i) -> -diagonal[i]));
    FloatMatrix axes = FloatMatrix.zeros(n, n);
    for (int j = 0; j < n; j++) {
      double[] vector = rows[order[j]];
      double sign = sign(vector);
      for (int i = 0; i < n; i++) {
        axes.data()[i * n + j] = (float) (sign * vector[i]);
      }
    }
    return axes;
  }

  private static double sign(double[] vector) {
    int largest = 0;
    for (int i = 1; i < vector.length; i++) {
      if (Math.abs(vector[i]) > Math.abs(vector[largest])) {
        largest = i;
      }
    }
    return vector[largest] < 0 ? -1 : 1;
  }

  private static double[][] transposed(double[][] matrix) {
    int n = matrix.length;
    double[][] result = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        result[j][i] = matrix[i][j];
      }
    }
    return result;
  }

  /** Leaves the accumulated reflections in v, so that {@code v^T A v} is tridiagonal. */
  private static void tridiagonalise(double[][] v, double[] d, double[] e) {
    int n = v.length;
    double[] beta = new double[n];
    for (int k = n - 1; k > 1; k--) {
      double scale = 0;
      for (int i = 0; i < k; i++) {
        scale = Math.max(scale, Math.abs(v[k][i]));
      }
      if (scale == 0) {
        e[k] = 0;
        continue;
      }
      double[] u = v[k];
      double norm = 0;
      for (int i = 0; i < k; i++) {
        u[i] /= scale;
        norm += u[i] * u[i];
      }
      double root = Math.copySign(Math.sqrt(norm), u[k - 1]);
      e[k] = -scale * root;
      norm += u[k - 1] * root;
      u[k - 1] += root;
      beta[k] = 1 / norm;
      reflect(v, u, beta[k], k);
    }
    if (n > 1) {
      e[1] = v[1][0];
    }
    for (int i = 0; i < n; i++) {
      d[i] = v[i][i];
    }
    accumulate(v, beta);
  }

  /**
   * {@code A <- A - u w^T - w u^T} on the leading k rows, for the reflector {@code I - beta u u^T}.
   */
  private static void reflect(double[][] v, double[] u, double beta, int k) {
    double[] w = new double[k];
    double dot = 0;
    for (int i = 0; i < k; i++) {
      double sum = 0;
      for (int j = 0; j <= i; j++) {
        sum += v[i][j] * u[j];
      }
      w[i] += sum;
      for (int j = 0; j < i; j++) {
        w[j] += v[i][j] * u[i];
      }
    }
    for (int i = 0; i < k; i++) {
      w[i] *= beta;
      dot += w[i] * u[i];
    }
    double shift = 0.5 * beta * dot;
    for (int i = 0; i < k; i++) {
      w[i] -= shift * u[i];
    }
    for (int i = 0; i < k; i++) {
      for (int j = 0; j <= i; j++) {
        v[i][j] -= u[i] * w[j] + w[i] * u[j];
      }
    }
  }

  private static void accumulate(double[][] v, double[] beta) {
    int n = v.length;
    double[][] q = new double[n][n];
    for (int i = 0; i < n; i++) {
      q[i][i] = 1;
    }
    // A = P_(n-1) ... P_2 T P_2 ... P_(n-1), so the basis is the product in this order.
    for (int k = 2; k < n; k++) {
      if (beta[k] == 0) {
        continue;
      }
      double[] u = v[k];
      double[] w = new double[n];
      for (int i = 0; i < k; i++) {
        for (int j = 0; j < k; j++) {
          w[j] += u[i] * q[i][j];
        }
      }
      for (int i = 0; i < k; i++) {
        double factor = beta[k] * u[i];
        for (int j = 0; j < k; j++) {
          q[i][j] -= factor * w[j];
        }
      }
    }
    System.arraycopy(q, 0, v, 0, n);
  }

  private static void implicitQl(double[][] rows, double[] d, double[] e) {
    int n = d.length;
    for (int i = 1; i < n; i++) {
      e[i - 1] = e[i];
    }
    e[n - 1] = 0;
    for (int l = 0; l < n; l++) {
      for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        int m = l;
        while (m < n - 1 && Math.abs(e[m]) > 0x1p-52 * (Math.abs(d[m]) + Math.abs(d[m + 1]))) {
          m++;
        }
        if (m == l) {
          break;
        }
        qlStep(rows, d, e, l, m);
      }
    }
  }

  private static void qlStep(double[][] rows, double[] d, double[] e, int l, int m) {
    double g = (d[l + 1] - d[l]) / (2 * e[l]);
    double r = Math.hypot(g, 1);
    g = d[m] - d[l] + e[l] / (g + Math.copySign(r, g));
    double s = 1;
    double c = 1;
    double p = 0;
    for (int i = m - 1; i >= l; i--) {
      double f = s * e[i];
      double b = c * e[i];
      r = Math.hypot(f, g);
      e[i + 1] = r;
      if (r == 0) {
        d[i + 1] -= p;
        e[m] = 0;
        return;
      }
      s = f / r;
      c = g / r;
      g = d[i + 1] - p;
      r = (d[i] - g) * s + 2 * c * b;
      p = s * r;
      d[i + 1] = g + p;
      g = c * r - b;
      rotate(rows[i], rows[i + 1], c, s);
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
  }

  private static void rotate(double[] low, double[] high, double c, double s) {
    for (int k = 0; k < low.length; k++) {
      double f = high[k];
      high[k] = s * low[k] + c * f;
      low[k] = c * low[k] - s * f;
    }
  }
}
