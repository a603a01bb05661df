// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.linalg.HadamardRotation;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Objects;

/**
 * Dense operations on packed panels and register tiles, or, for a few rows, on the factors where
 * they lie.
 *
 * <p>An element of a product is summed in single precision: within blocks of 256 in a fixed order,
 * by fused multiply-add where the CPU has it, and block after block. No addend passes through more
 * than {@code r = 260 + ceil(k / 256)} roundings, so with {@code u = 2^-24} the error is at most
 * {@code r u / (1 - r u) sum |a b|} (Higham, Accuracy and Stability of Numerical Algorithms,
 * section 3.1). Products of fewer than 4096 multiply-adds are left to scalar code, where {@code r}
 * is {@code k}.
 */
public final class VectorLinearAlgebra implements LinearAlgebra {
  /** Below this many multiply-adds, packing costs more than it saves. */
  private static final long SCALAR_WORK = 4096;

  private static final int MIRROR_TILE = 32;

  private final ScalarLinearAlgebra scalar = new ScalarLinearAlgebra();
  private final ScratchPool scratch;
  private final InstancePool<BlockedProduct> products = new InstancePool<>(ScratchPool.SLOTS);
  private final InstancePool<FewRowsProduct> fewRows = new InstancePool<>(ScratchPool.SLOTS);
  private final InstancePool<RotationTask> rotations = new InstancePool<>(ScratchPool.SLOTS);
  private final InstancePool<KroneckerTask> kroneckers = new InstancePool<>(ScratchPool.SLOTS);
  private final KroneckerTask.ProductPool pool =
      new KroneckerTask.ProductPool() {
        @Override
        public BlockedProduct get() {
          return product();
        }

        @Override
        public void giveBack(BlockedProduct product) {
          VectorLinearAlgebra.this.giveBack(product);
        }
      };

  /**
   * Makes the provider.
   *
   * @param scratch where panels are packed
   */
  public VectorLinearAlgebra(ScratchPool scratch) {
    this.scratch = scratch;
  }

  @Override
  public String name() {
    return "vector (" + Lanes.describe() + ")";
  }

  private BlockedProduct product() {
    BlockedProduct product = products.poll();
    return product == null ? new BlockedProduct(scratch) : product;
  }

  private void giveBack(BlockedProduct product) {
    product.clear();
    products.offer(product);
  }

  private FewRowsProduct fewRowsProduct() {
    FewRowsProduct product = fewRows.poll();
    return product == null ? new FewRowsProduct(scratch) : product;
  }

  private void giveBack(FewRowsProduct product) {
    product.clear();
    fewRows.offer(product);
  }

  private static void check(String name, int rows, int columns, int ld, float[] data, int offset) {
    if (ld < columns && rows > 1) {
      throw new IllegalArgumentException(
          name + ": rows are " + ld + " apart, expected at least " + columns);
    }
    if (rows > 0 && columns > 0) {
      Objects.checkFromIndexSize(offset, (rows - 1L) * ld + columns, data.length);
    }
  }

  @Override
  public void multiplyTransposed(
      int m,
      int n,
      int k,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      boolean accumulate,
      float[] c,
      int cOffset,
      int ldc,
      WorkerTeam team) {
    check("a", m, k, lda, a, aOffset);
    check("b", n, k, ldb, b, bOffset);
    check("c", m, n, ldc, c, cOffset);
    if ((long) m * n * k < SCALAR_WORK) {
      scalar.multiplyTransposed(
          m, n, k, a, aOffset, lda, b, bOffset, ldb, accumulate, c, cOffset, ldc, team);
      return;
    }
    if (FewRowsProduct.suitsTransposed(m, k)) {
      FewRowsProduct product = fewRowsProduct();
      try {
        product
            .left(a, aOffset, lda, 1f)
            .right(b, bOffset, ldb, true)
            .into(c, cOffset, ldc, accumulate)
            .run(m, n, k, team);
      } finally {
        giveBack(product);
      }
      return;
    }
    BlockedProduct product = product();
    try {
      product
          .left(a, aOffset, lda, 1)
          .right(b, bOffset, 1, ldb)
          .into(c, cOffset, ldc, 1f, accumulate, false)
          .run(m, n, k, team);
    } finally {
      giveBack(product);
    }
  }

  @Override
  public void multiplyAdd(
      int m,
      int n,
      int k,
      float alpha,
      float[] a,
      int aOffset,
      int lda,
      float[] b,
      int bOffset,
      int ldb,
      float[] c,
      int cOffset,
      int ldc,
      WorkerTeam team) {
    check("a", m, k, lda, a, aOffset);
    check("b", k, n, ldb, b, bOffset);
    check("c", m, n, ldc, c, cOffset);
    if ((long) m * n * k < SCALAR_WORK) {
      scalar.multiplyAdd(m, n, k, alpha, a, aOffset, lda, b, bOffset, ldb, c, cOffset, ldc, team);
      return;
    }
    if (FewRowsProduct.suits(m, n)) {
      FewRowsProduct product = fewRowsProduct();
      try {
        product
            .left(a, aOffset, lda, alpha)
            .right(b, bOffset, ldb, false)
            .into(c, cOffset, ldc, true)
            .run(m, n, k, team);
      } finally {
        giveBack(product);
      }
      return;
    }
    BlockedProduct product = product();
    try {
      product
          .left(a, aOffset, lda, 1)
          .right(b, bOffset, ldb, 1)
          .into(c, cOffset, ldc, alpha, true, false)
          .run(m, n, k, team);
    } finally {
      giveBack(product);
    }
  }

  @Override
  public void addGram(int tokens, int columns, float[] x, int xOffset, float[] h, WorkerTeam team) {
    check("x", tokens, columns, columns, x, xOffset);
    check("h", columns, columns, columns, h, 0);
    if ((long) tokens * columns * columns < SCALAR_WORK) {
      scalar.addGram(tokens, columns, x, xOffset, h, team);
      return;
    }
    BlockedProduct product = product();
    try {
      product
          .left(x, xOffset, 1, columns)
          .right(x, xOffset, columns, 1)
          .into(h, 0, columns, 1f, true, true)
          .run(columns, columns, tokens, team);
    } finally {
      giveBack(product);
    }
    mirror(columns, h, team);
  }

  @Override
  public void rotate(
      HadamardRotation rotation,
      int tokens,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      WorkerTeam team) {
    Objects.checkFromIndexSize(xOffset, (long) tokens * rotation.size(), x.length);
    Objects.checkFromIndexSize(yOffset, (long) tokens * rotation.size(), y.length);
    RotationTask task = rotations.poll();
    if (task == null) {
      task = new RotationTask(scratch);
    }
    try {
      task.run(rotation, tokens, x, xOffset, y, yOffset, team);
    } finally {
      task.clear();
      rotations.offer(task);
    }
  }

  @Override
  public void multiplyKronecker(
      int tokens,
      FloatMatrix first,
      FloatMatrix second,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      WorkerTeam team) {
    int size = first.rows() * second.rows();
    if ((long) tokens * size * (first.rows() + second.rows()) < SCALAR_WORK) {
      scalar.multiplyKronecker(tokens, first, second, x, xOffset, y, yOffset, team);
      return;
    }
    Objects.checkFromIndexSize(xOffset, (long) tokens * size, x.length);
    Objects.checkFromIndexSize(yOffset, (long) tokens * size, y.length);
    KroneckerTask task = kroneckers.poll();
    if (task == null) {
      task = new KroneckerTask(scratch, pool);
    }
    try {
      task.run(tokens, first, second, x, xOffset, y, yOffset, team);
    } finally {
      task.clear();
      kroneckers.offer(task);
    }
  }

  /** Copies the lower triangle to the upper one, in tiles that the cache holds both sides of. */
  private static void mirror(int n, float[] h, WorkerTeam team) {
    team.run(
        Math.ceilDiv(n, MIRROR_TILE),
        part -> {
          int top = part * MIRROR_TILE;
          int bottom = Math.min(n, top + MIRROR_TILE);
          for (int left = 0; left <= top; left += MIRROR_TILE) {
            for (int i = top; i < bottom; i++) {
              int right = Math.min(i, left + MIRROR_TILE);
              for (int j = left; j < right; j++) {
                h[j * n + i] = h[i * n + j];
              }
            }
          }
        });
  }
}
