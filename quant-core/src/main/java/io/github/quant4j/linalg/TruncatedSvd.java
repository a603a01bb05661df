// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.commonsmath.CommonsMath;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The leading singular values and vectors of a matrix, {@code A ~ U diag(s) V^T}: the best
 * approximation of a given rank.
 *
 * <p>{@link #of} finds them by subspace iteration from a random start with ten vectors more than
 * wanted (Halko, Martinsson and Tropp, SIAM Review 53, 2011, algorithm 4.4): {@code 2 (iterations +
 * 1) (rank + 10) m n} multiply-adds on {@link LinearAlgebra}. {@link #exact} uses Commons Math, for
 * small matrices. Both are deterministic.
 */
public final class TruncatedSvd {
  private static final int OVERSAMPLING = 10;
  private static final long SEED = 0x5eed_51d5L;

  /** Rounding noise of the small problem, relative to the largest singular value. */
  private static final double NOISE = 1e-6;

  private final FloatMatrix left;
  private final double[] values;
  private final FloatMatrix right;

  private TruncatedSvd(FloatMatrix left, double[] values, FloatMatrix right) {
    this.left = left;
    this.values = values;
    this.right = right;
  }

  /**
   * Finds the leading singular values and vectors by subspace iteration.
   *
   * @param matrix finite, {@code [m, n]}
   * @param rank how many, from 1 to {@code min(m, n)}
   * @param iterations passes over the matrix and back after the first one; 2 is enough for spectra
   *     that fall, 4 to 8 for flat ones such as those of rounding errors
   * @param compute the linear algebra and the threads
   * @return the decomposition
   * @throws IllegalArgumentException if the rank or the number of iterations is out of range
   */
  public static TruncatedSvd of(FloatMatrix matrix, int rank, int iterations, Compute compute) {
    requireRank(matrix, rank);
    if (iterations < 0 || iterations > 100) {
      throw new IllegalArgumentException("iterations: " + iterations + ", expected 0 to 100");
    }
    float unit = PowerOfTwoUnit.of(matrix);
    int m = matrix.rows();
    int n = matrix.columns();
    int width = Math.min(rank + OVERSAMPLING, Math.min(m, n));
    SplittableRandom random = new SplittableRandom(SEED);
    float[] rowSpace = new float[Math.multiplyExact(width, n)];
    for (int i = 0; i < rowSpace.length; i++) {
      rowSpace[i] = (float) random.nextGaussian();
    }
    float[] columnSpace = new float[Math.multiplyExact(width, m)];
    MatrixView whole = MatrixView.of(PowerOfTwoUnit.in(unit, matrix));
    MatrixView rowBasis = MatrixView.dense(rowSpace, width, n);
    MatrixView columnBasis = MatrixView.dense(columnSpace, width, m);
    // Bases are stored as rows, so that both products are ones that the provider has.
    for (int pass = 0; ; pass++) {
      compute.multiplyTransposed(rowBasis, whole, false, columnBasis);
      orthonormalize(columnSpace, width, m);
      Arrays.fill(rowSpace, 0);
      compute.multiplyAdd(1, columnBasis, whole, rowBasis);
      if (pass == iterations) {
        break;
      }
      orthonormalize(rowSpace, width, n);
    }
    TruncatedSvd found = project(columnSpace, rowSpace, width, m, n, rank);
    for (int r = 0; r < rank; r++) {
      found.values[r] *= unit;
    }
    return found;
  }

  /**
   * From an orthonormal Q (as rows) and {@code B = Q^T A}, by the eigenvectors of {@code B B^T}.
   */
  private static TruncatedSvd project(
      float[] basis, float[] projected, int width, int m, int n, int rank) {
    FloatMatrix small = FloatMatrix.zeros(width, width);
    for (int i = 0; i < width; i++) {
      for (int j = 0; j <= i; j++) {
        float product = (float) dot(projected, i * n, projected, j * n, n);
        small.put(i, j, product);
        small.put(j, i, product);
      }
    }
    SymmetricEigen eigen = SymmetricEigen.of(small);
    double[] values = new double[rank];
    FloatMatrix left = FloatMatrix.zeros(m, rank);
    FloatMatrix right = FloatMatrix.zeros(rank, n);
    double[] column = new double[m];
    double[] row = new double[n];
    for (int r = 0; r < rank; r++) {
      Arrays.fill(column, 0);
      Arrays.fill(row, 0);
      for (int i = 0; i < width; i++) {
        double weight = eigen.vectors().get(i, r);
        addTo(column, weight, basis, i * m);
        addTo(row, weight, projected, i * n);
      }
      // The length of the projected row is a better estimate than the root of an eigenvalue.
      double length = 0;
      for (double value : row) {
        length += value * value;
      }
      values[r] = Math.sqrt(length);
      boolean noise = !(values[r] > NOISE * values[0]);
      for (int i = 0; i < m; i++) {
        left.put(i, r, (float) column[i]);
      }
      for (int j = 0; j < n; j++) {
        right.put(r, j, noise ? 0 : (float) (row[j] / values[r]));
      }
      values[r] = noise ? 0 : values[r];
    }
    return new TruncatedSvd(left, values, right);
  }

  private static void addTo(double[] target, double factor, float[] source, int from) {
    for (int i = 0; i < target.length; i++) {
      target[i] += factor * source[from + i];
    }
  }

  private static double dot(float[] a, int aOffset, float[] b, int bOffset, int count) {
    double even = 0;
    double odd = 0;
    int i = 0;
    for (; i + 2 <= count; i += 2) {
      even += (double) a[aOffset + i] * b[bOffset + i];
      odd += (double) a[aOffset + i + 1] * b[bOffset + i + 1];
    }
    if (i < count) {
      even += (double) a[aOffset + i] * b[bOffset + i];
    }
    return even + odd;
  }

  /** Gram-Schmidt on rows, twice, which is enough to reach working precision. */
  private static void orthonormalize(float[] rows, int count, int length) {
    double[] work = new double[length];
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < length; k++) {
        work[k] = rows[i * length + k];
      }
      double before = Math.sqrt(dot(rows, i * length, rows, i * length, length));
      for (int round = 0; round < 2; round++) {
        for (int j = 0; j < i; j++) {
          double product = 0;
          for (int k = 0; k < length; k++) {
            product += work[k] * rows[j * length + k];
          }
          addTo(work, -product, rows, j * length);
        }
      }
      double after = 0;
      for (double value : work) {
        after += value * value;
      }
      after = Math.sqrt(after);
      // A vector that lies in the span of the earlier ones has no direction of its own.
      double factor = after > NOISE * before && after > 0 ? 1 / after : 0;
      for (int k = 0; k < length; k++) {
        rows[i * length + k] = (float) (work[k] * factor);
      }
    }
  }

  /**
   * Finds the leading singular values and vectors exactly. Cost: of the order of {@code 20 m n
   * min(m, n)} operations in double on one thread.
   *
   * @param matrix finite, {@code [m, n]}
   * @param rank how many, from 1 to {@code min(m, n)}
   * @return the decomposition
   * @throws IllegalArgumentException if the rank is out of range or the matrix not finite
   */
  public static TruncatedSvd exact(FloatMatrix matrix, int rank) {
    requireRank(matrix, rank);
    if (!matrix.isFinite()) {
      throw new IllegalArgumentException("matrix: " + matrix + " has values that are not finite");
    }
    double[][] real = new double[matrix.rows()][matrix.columns()];
    for (int i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        real[i][j] = matrix.get(i, j);
      }
    }
    CommonsMath.SingularValues svd = CommonsMath.singularValues(real);
    FloatMatrix left = FloatMatrix.zeros(matrix.rows(), rank);
    FloatMatrix right = FloatMatrix.zeros(rank, matrix.columns());
    for (int r = 0; r < rank; r++) {
      for (int i = 0; i < matrix.rows(); i++) {
        left.put(i, r, (float) svd.left()[i][r]);
      }
      for (int j = 0; j < matrix.columns(); j++) {
        right.put(r, j, (float) svd.right()[r][j]);
      }
    }
    return new TruncatedSvd(left, Arrays.copyOf(svd.values(), rank), right);
  }

  private static void requireRank(FloatMatrix matrix, int rank) {
    if (rank < 1 || rank > Math.min(matrix.rows(), matrix.columns())) {
      throw new IllegalArgumentException(
          "rank: "
              + rank
              + ", expected 1 to "
              + Math.min(matrix.rows(), matrix.columns())
              + " for "
              + matrix);
    }
  }

  /**
   * The left vectors U.
   *
   * @return {@code [m, rank]}, orthonormal columns
   */
  public FloatMatrix left() {
    return left;
  }

  /**
   * The singular values.
   *
   * @return a fresh array, in descending order, not negative
   */
  public double[] values() {
    return values.clone();
  }

  /**
   * The right vectors, transposed.
   *
   * @return {@code V^T}, {@code [rank, n]}, orthonormal rows; a row of zeros where the value is 0
   */
  public FloatMatrix right() {
    return right;
  }
}
