// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.linalg.HadamardRotation;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.MatrixView;
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

  @Override
  public void multiplyTransposed(
      MatrixView a, MatrixView b, boolean accumulate, MatrixView c, WorkerTeam team) {
    MatrixView.requireTransposedProduct(a, b, c);
    int m = c.rows();
    int n = c.columns();
    int k = a.columns();
    if ((long) m * n * k < SCALAR_WORK) {
      scalar.multiplyTransposed(a, b, accumulate, c, team);
      return;
    }
    if (FewRowsProduct.suitsTransposed(m, k)) {
      FewRowsProduct product = fewRowsProduct();
      try {
        product
            .left(a.data(), a.offset(), a.stride(), 1f)
            .right(b.data(), b.offset(), b.stride(), true)
            .into(c.data(), c.offset(), c.stride(), accumulate)
            .run(m, n, k, team);
      } finally {
        giveBack(product);
      }
      return;
    }
    BlockedProduct product = product();
    try {
      product
          .left(a.data(), a.offset(), a.stride(), 1)
          .right(b.data(), b.offset(), 1, b.stride())
          .into(c.data(), c.offset(), c.stride(), 1f, accumulate, false)
          .run(m, n, k, team);
    } finally {
      giveBack(product);
    }
  }

  @Override
  public void multiplyAdd(float alpha, MatrixView a, MatrixView b, MatrixView c, WorkerTeam team) {
    MatrixView.requireProduct(a, b, c);
    int m = c.rows();
    int n = c.columns();
    int k = a.columns();
    if ((long) m * n * k < SCALAR_WORK) {
      scalar.multiplyAdd(alpha, a, b, c, team);
      return;
    }
    if (FewRowsProduct.suits(m, n)) {
      FewRowsProduct product = fewRowsProduct();
      try {
        product
            .left(a.data(), a.offset(), a.stride(), alpha)
            .right(b.data(), b.offset(), b.stride(), false)
            .into(c.data(), c.offset(), c.stride(), true)
            .run(m, n, k, team);
      } finally {
        giveBack(product);
      }
      return;
    }
    BlockedProduct product = product();
    try {
      product
          .left(a.data(), a.offset(), a.stride(), 1)
          .right(b.data(), b.offset(), b.stride(), 1)
          .into(c.data(), c.offset(), c.stride(), alpha, true, false)
          .run(m, n, k, team);
    } finally {
      giveBack(product);
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
    BlockedProduct product = product();
    try {
      product
          .left(x.data(), x.offset(), 1, x.stride())
          .right(x.data(), x.offset(), x.stride(), 1)
          .into(h.data(), h.offset(), h.stride(), 1f, true, true)
          .run(columns, columns, tokens, team);
    } finally {
      giveBack(product);
    }
    mirror(h, team);
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
  private static void mirror(MatrixView h, WorkerTeam team) {
    int n = h.rows();
    float[] data = h.data();
    team.run(
        Math.ceilDiv(n, MIRROR_TILE),
        part -> {
          int top = part * MIRROR_TILE;
          int bottom = Math.min(n, top + MIRROR_TILE);
          for (int left = 0; left <= top; left += MIRROR_TILE) {
            for (int i = top; i < bottom; i++) {
              int right = Math.min(i, left + MIRROR_TILE);
              for (int j = left; j < right; j++) {
                data[h.index(j, i)] = data[h.index(i, j)];
              }
            }
          }
        });
  }
}
