// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.Optional;

/**
 * A symmetric positive definite matrix as {@code A = L D L^T} with unit lower triangular {@code L}
 * and positive diagonal {@code D}: the Cholesky factorisation without square roots.
 *
 * <p>Right-looking by blocks of 128 columns (Golub and Van Loan, Matrix Computations, section 4.2):
 * diagonal blocks and panels are solved in double, the trailing matrix is updated in single
 * precision by {@link LinearAlgebra#multiplyAdd}. Cost: {@code n^3 / 6} multiply-adds. The result
 * depends neither on the number of threads nor on what lies in the lower triangle. Immutable and
 * thread-safe.
 *
 * <p>Applied to a matrix with its rows and columns in reverse order this is the factorisation
 * {@code A = U D U^T} with unit upper {@code U} that error feedback needs.
 */
public final class LdlFactorization {
  private static final int BLOCK = 128;
  private static final int ROWS_IN_UPDATE = 256;

  private final int size;

  /**
   * Row-major; entry (k, i) with k &lt; i is L[i][k]. What lies on and below the diagonal is left
   * over.
   */
  private final float[] upper;

  private final double[] diagonal;

  private LdlFactorization(int size, float[] upper, double[] diagonal) {
    this.size = size;
    this.upper = upper;
    this.diagonal = diagonal;
  }

  /**
   * Factorises a matrix, leaving it alone.
   *
   * @param matrix symmetric, {@code [n, n]}; only its upper triangle is read
   * @param compute the linear algebra and the threads
   * @return the factors, or empty if the matrix is not positive definite in this precision or not
   *     finite
   * @throws IllegalArgumentException if the matrix is not square
   */
  public static Optional<LdlFactorization> of(FloatMatrix matrix, Compute compute) {
    if (matrix.rows() != matrix.columns()) {
      throw new IllegalArgumentException("matrix: " + matrix + ", expected a square matrix");
    }
    return overwrite(matrix.data().clone(), matrix.rows(), Double.MIN_VALUE, compute);
  }

  /**
   * Factorises a matrix in its own memory.
   *
   * @param matrix symmetric, row-major {@code [n, n]}; its upper triangle is read and replaced by
   *     the factor, also when there is none
   * @param size n
   * @param smallestPivot a positive bound: if an element of D falls below it there is no
   *     factorisation. Where the matrix is known to have eigenvalues of at least {@code e}, pivots
   *     well below {@code e} are rounding errors
   * @param compute the linear algebra and the threads
   * @return the factors, which keep the array, or empty if a pivot is too small or not finite
   * @throws IllegalArgumentException if the array's length is not {@code n * n} or the bound is not
   *     positive
   */
  public static Optional<LdlFactorization> overwrite(
      float[] matrix, int size, double smallestPivot, Compute compute) {
    if (size < 1 || matrix.length != (long) size * size) {
      throw new IllegalArgumentException(
          "matrix: " + matrix.length + " elements, expected [" + size + ", " + size + "]");
    }
    if (!(smallestPivot > 0)) {
      throw new IllegalArgumentException(
          "smallestPivot: " + smallestPivot + ", expected a positive bound");
    }
    double[] diagonal = new double[size];
    float[] scaled = new float[Math.multiplyExact(size, Math.min(BLOCK, size))];
    for (int start = 0; start < size; start += BLOCK) {
      int width = Math.min(BLOCK, size - start);
      if (!DiagonalBlock.factor(matrix, size, start, width, smallestPivot, diagonal)) {
        return Optional.empty();
      }
      int next = start + width;
      if (next < size) {
        DiagonalBlock block = DiagonalBlock.read(matrix, size, start, width);
        block.solvePanel(matrix, size, next, diagonal, scaled, compute.team());
        updateTrailing(matrix, size, start, next, scaled, compute);
      }
    }
    return Optional.of(new LdlFactorization(size, matrix, diagonal));
  }

  /** Subtracts panel times scaled panel from the upper triangle, in steps of block rows. */
  private static void updateTrailing(
      float[] matrix, int size, int start, int next, float[] scaled, Compute compute) {
    int width = next - start;
    MatrixView whole = MatrixView.dense(matrix, size, size);
    for (int row = next; row < size; row += ROWS_IN_UPDATE) {
      int height = Math.min(ROWS_IN_UPDATE, size - row);
      compute.multiplyAdd(
          -1,
          MatrixView.dense(scaled, (row - next) * width, height, width),
          whole.part(start, row, width, size - row),
          whole.part(row, row, height, size - row));
    }
  }

  /**
   * The number of rows.
   *
   * @return n
   */
  public int size() {
    return size;
  }

  /**
   * The diagonal of D: element {@code k} is the variance of input {@code k} that the inputs after
   * it do not explain, if A is the inverse of a covariance; its reciprocal is the squared diagonal
   * of the Cholesky factor of {@code A^-1}.
   *
   * @return a fresh array of positive numbers
   */
  public double[] diagonal() {
    return diagonal.clone();
  }

  /**
   * The factor {@code L}, transposed: row-major, entry {@code (k, i)} with {@code k < i} is {@code
   * L[i][k]}.
   *
   * @return the live array, {@code [n, n]}; what lies on and below the diagonal has no meaning
   */
  public float[] transposedFactor() {
    return upper;
  }

  /**
   * The Cholesky factor {@code R = L D^(1/2)}, with {@code A = R R^T}.
   *
   * @return a fresh lower triangular matrix
   */
  public FloatMatrix cholesky() {
    FloatMatrix factor = FloatMatrix.zeros(size, size);
    for (int k = 0; k < size; k++) {
      double root = Math.sqrt(diagonal[k]);
      factor.put(k, k, (float) root);
      for (int i = k + 1; i < size; i++) {
        factor.put(i, k, (float) (upper[k * size + i] * root));
      }
    }
    return factor;
  }

  /**
   * Solves {@code A x = b}. Cost: {@code n^2} multiply-adds in double.
   *
   * @param b the right-hand side
   * @return x, a fresh array
   * @throws IllegalArgumentException if its length is not n
   */
  public double[] solve(double[] b) {
    if (b.length != size) {
      throw new IllegalArgumentException("b: " + b.length + " values, expected " + size);
    }
    double[] x = b.clone();
    for (int k = 0; k < size; k++) {
      for (int i = k + 1; i < size; i++) {
        x[i] -= upper[k * size + i] * x[k];
      }
    }
    for (int k = size - 1; k >= 0; k--) {
      double sum = x[k] / diagonal[k];
      for (int i = k + 1; i < size; i++) {
        sum -= upper[k * size + i] * x[i];
      }
      x[k] = sum;
    }
    return x;
  }

  /**
   * The inverse of the factor, transposed: {@code V = L^-T}, unit upper triangular, with {@code
   * A^-1 = V D^-1 V^T}.
   *
   * <p>Cost: {@code n^3 / 6} multiply-adds by blocks, bottom up.
   *
   * @param compute the linear algebra and the threads
   * @return a fresh matrix
   */
  public FloatMatrix transposedInverseFactor(Compute compute) {
    FloatMatrix inverse = FloatMatrix.zeros(size, size);
    float[] v = inverse.data();
    int block = Math.min(BLOCK, size);
    float[] product = new float[Math.multiplyExact(size, block)];
    MatrixView factor = MatrixView.dense(upper, size, size);
    MatrixView whole = MatrixView.of(inverse);
    MatrixView target = MatrixView.dense(product, block, size);
    for (int start = (size - 1) / BLOCK * BLOCK; start >= 0; start -= BLOCK) {
      int width = Math.min(BLOCK, size - start);
      int next = start + width;
      Arrays.fill(product, 0);
      // Column blocks of V end at their own diagonal, so the sum need not go further.
      for (int column = next; column < size; column += BLOCK) {
        int columns = Math.min(BLOCK, size - column);
        int depth = column + columns - next;
        compute.multiplyAdd(
            -1,
            factor.part(start, next, width, depth),
            whole.part(next, column, depth, columns),
            target.part(0, column, width, columns));
      }
      for (int k = 0; k < width; k++) {
        product[k * size + start + k] = 1;
      }
      DiagonalBlock.read(upper, size, start, width)
          .solveTransposed(product, v, size, start, compute.team());
    }
    return inverse;
  }

  /**
   * The inverse. Cost: {@code 7/6 n^3} multiply-adds.
   *
   * @param compute the linear algebra and the threads
   * @return a fresh symmetric matrix
   */
  public FloatMatrix inverse(Compute compute) {
    FloatMatrix factor = transposedInverseFactor(compute);
    FloatMatrix scaled = factor.copy();
    for (int i = 0; i < size; i++) {
      for (int k = i; k < size; k++) {
        scaled.data()[i * size + k] /= (float) diagonal[k];
      }
    }
    FloatMatrix inverse = FloatMatrix.zeros(size, size);
    compute.multiplyTransposed(
        MatrixView.of(scaled), MatrixView.of(factor), false, MatrixView.of(inverse));
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < i; j++) {
        inverse.put(i, j, inverse.get(j, i));
      }
    }
    return inverse;
  }

  /**
   * The diagonal of the inverse, by which optimal brain surgery weighs a weight's removal: {@code
   * w^2 / [A^-1]_jj} (LeCun et al., 1990; Hassibi and Stork, 1993).
   *
   * <p>Cost: that of {@link #transposedInverseFactor}.
   *
   * @param compute the linear algebra and the threads
   * @return a fresh array
   */
  public double[] inverseDiagonal(Compute compute) {
    FloatMatrix factor = transposedInverseFactor(compute);
    double[] result = new double[size];
    for (int i = 0; i < size; i++) {
      for (int k = i; k < size; k++) {
        double v = factor.get(i, k);
        result[i] += v * v / diagonal[k];
      }
    }
    return result;
  }
}
