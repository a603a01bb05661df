// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Dense operations by the BLAS library of ND4J's backend (OpenBLAS, MKL, cuBLAS).
 *
 * <p>Never chosen by itself; pass it on:
 *
 * <pre>{@code
 * KernelOptions options = KernelOptions.defaults().withLinearAlgebra(Nd4jLinearAlgebra.create());
 * LinearQuantizer quantizer = LinearQuantizer.of("int4:g128:sym gptq").withOptions(options);
 * }</pre>
 *
 * <p>Operands are copied out of the heap in blocks of at most 64 MB and the result back into it, on
 * the calling thread. The work itself runs on the threads of BLAS, which the team does not govern:
 * set {@code OMP_NUM_THREADS} for that. Results do not depend on the team, but on BLAS: with
 * OpenBLAS they are the same from call to call, and have other last bits with another number of
 * BLAS threads. Keep that number where bytes must be reproducible.
 *
 * <p>An element of a product has the error of a sum in single precision in some order, at most
 * {@code (k + 1) u / (1 - (k + 1) u) sum |a b|} with {@code u = 2^-24}. Products of fewer than 2^18
 * multiply-adds, where the call costs more than the work, are left to {@link ScalarLinearAlgebra},
 * as are rotations and Kronecker products.
 */
public final class Nd4jLinearAlgebra implements LinearAlgebra {
  private static final long SCALAR_WORK = 1L << 18;

  /** A block of an operand is at most this wide and this high: 64 MB. */
  private static final int BLOCK = 4096;

  /** Rows of a second moment at a time: of the upper triangle, only what meets them is computed. */
  private static final int GRAM_ROWS = 1024;

  private final String backend;
  private final ScalarLinearAlgebra scalar = new ScalarLinearAlgebra();

  private Nd4jLinearAlgebra(String backend) {
    this.backend = backend;
  }

  /**
   * Starts ND4J.
   *
   * @return the provider
   * @throws IllegalStateException if ND4J or its backend is missing or cannot start here; the
   *     message says what to add
   */
  public static Nd4jLinearAlgebra create() {
    return new Nd4jLinearAlgebra(Backend.require());
  }

  @Override
  public String name() {
    return "nd4j (" + backend + ")";
  }

  @Override
  public void multiplyTransposed(
      MatrixView a, MatrixView b, boolean accumulate, MatrixView c, WorkerTeam team) {
    MatrixView.requireTransposedProduct(a, b, c);
    if ((long) c.rows() * c.columns() * a.columns() < SCALAR_WORK) {
      scalar.multiplyTransposed(a, b, accumulate, c, team);
      return;
    }
    multiply(new Operand(a, true), new Operand(b, true), a.columns(), 1f, accumulate, c);
  }

  @Override
  public void multiplyAdd(float alpha, MatrixView a, MatrixView b, MatrixView c, WorkerTeam team) {
    MatrixView.requireProduct(a, b, c);
    if ((long) c.rows() * c.columns() * a.columns() < SCALAR_WORK) {
      scalar.multiplyAdd(alpha, a, b, c, team);
      return;
    }
    multiply(new Operand(a, true), new Operand(b, false), a.columns(), alpha, true, c);
  }

  private static void multiply(
      Operand left, Operand right, int k, float alpha, boolean accumulate, MatrixView c) {
    for (int row = 0; row < c.rows(); row += BLOCK) {
      for (int column = 0; column < c.columns(); column += BLOCK) {
        Region region =
            new Region(
                row,
                Math.min(BLOCK, c.rows() - row),
                column,
                Math.min(BLOCK, c.columns() - column));
        multiply(left, right, k, alpha, accumulate, new Operand(c, true), region);
      }
    }
  }

  @Override
  public void addGram(MatrixView x, MatrixView h, WorkerTeam team) {
    MatrixView.requireGram(x, h);
    int tokens = x.rows();
    int columns = x.columns();
    if ((long) tokens * columns * columns < SCALAR_WORK) {
      scalar.addGram(x, h, team);
      return;
    }
    Operand inputs = new Operand(x, false);
    for (int row = 0; row < columns; row += GRAM_ROWS) {
      int height = Math.min(GRAM_ROWS, columns - row);
      for (int column = 0; column < row + height; column += BLOCK) {
        Region region = new Region(row, height, column, Math.min(BLOCK, row + height - column));
        multiply(inputs, inputs, tokens, 1f, true, new Operand(h, true), region);
      }
    }
    // BLAS may sum the two triangles in different orders.
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < i; j++) {
        h.data()[h.index(j, i)] = h.data()[h.index(i, j)];
      }
    }
  }

  /** A block of the result. */
  private record Region(int row, int height, int column, int width) {}

  /**
   * Adds a product to a block, or replaces it. Row-major matrices are the transposes of what BLAS
   * calls matrices, so that {@code C^T = alpha B^T A^T} is computed, without any reordering.
   */
  private static void multiply(
      Operand left,
      Operand right,
      int k,
      float alpha,
      boolean accumulate,
      Operand result,
      Region region) {
    INDArray c =
        accumulate
            ? result.load(region.row, region.height, region.column, region.width)
            : allocate(region.width, region.height);
    try {
      for (int p = 0; p < k; p += BLOCK) {
        int depth = Math.min(BLOCK, k - p);
        INDArray b = right.loadOuter(region.column, region.width, p, depth);
        try {
          INDArray a = left.loadOuter(region.row, region.height, p, depth);
          try {
            double beta = accumulate || p > 0 ? 1 : 0;
            Nd4j.gemm(b, a, c, right.outerMajor, !left.outerMajor, alpha, beta);
          } finally {
            a.close();
          }
        } finally {
          b.close();
        }
      }
      result.store(c, region);
    } finally {
      c.close();
    }
  }

  /** An array that no workspace owns, in BLAS's order, so that a row of ours is a column. */
  private static INDArray allocate(int width, int height) {
    return Nd4j.createUninitializedDetached(DataType.FLOAT, 'f', width, height);
  }

  /** A matrix on the heap; its rows are those of the factor, or its columns. */
  private record Operand(MatrixView view, boolean outerMajor) {

    INDArray loadOuter(int outer, int outerCount, int k, int depth) {
      return outerMajor ? load(outer, outerCount, k, depth) : load(k, depth, outer, outerCount);
    }

    INDArray load(int row, int height, int column, int width) {
      INDArray array = allocate(width, height);
      FloatBuffer buffer = array.data().asNioFloat();
      for (int i = 0; i < height; i++) {
        buffer.put(i * width, view.data(), view.index(row + i, column), width);
      }
      Nd4j.getAffinityManager().tagLocation(array, AffinityManager.Location.HOST);
      return array;
    }

    void store(INDArray array, Region region) {
      Nd4j.getAffinityManager().ensureLocation(array, AffinityManager.Location.HOST);
      FloatBuffer buffer = array.data().asNioFloat();
      for (int i = 0; i < region.height; i++) {
        int at = view.index(region.row + i, region.column);
        buffer.get(i * region.width, view.data(), at, region.width);
      }
    }
  }
}
