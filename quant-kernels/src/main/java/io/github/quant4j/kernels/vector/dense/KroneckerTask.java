// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.function.Supplier;

/**
 * One call of a product with a Kronecker product; holds the arguments and is used again.
 *
 * <p>The second factor multiplies all tokens in one product of matrices; the first one multiplies
 * token by token, tokens in parallel.
 */
final class KroneckerTask implements WorkerTeam.PartTask {
  /** Elements of the tokens between the two products: 4 MiB. */
  private static final int BATCH_ELEMENTS = 1 << 20;

  private static final float[] NONE = {};

  private final ScratchPool scratch;
  private final ProductPool products;
  private float[] first = NONE;
  private int n1;
  private int n2;
  private float[] middle = NONE;
  private float[] y = NONE;
  private int yOffset;

  /** Where products come from and go back to. */
  interface ProductPool extends Supplier<BlockedProduct> {
    /** Takes a product back. */
    void giveBack(BlockedProduct product);
  }

  KroneckerTask(ScratchPool scratch, ProductPool products) {
    this.scratch = scratch;
    this.products = products;
  }

  void run(
      int tokens,
      FloatMatrix left,
      FloatMatrix right,
      float[] x,
      int xOffset,
      float[] target,
      int targetOffset,
      WorkerTeam team) {
    first = left.data();
    n1 = left.rows();
    n2 = right.rows();
    y = target;
    int size = n1 * n2;
    int batch = Math.clamp(BATCH_ELEMENTS / size, 1, Math.max(1, tokens));
    middle = scratch.floats(batch * size);
    try {
      for (int done = 0; done < tokens; done += batch) {
        int count = Math.min(batch, tokens - done);
        BlockedProduct product = products.get();
        product
            .left(x, xOffset + done * size, n2, 1)
            .right(right.data(), 0, n2, 1)
            .into(middle, 0, n2, 1f, false, false)
            .run(count * n1, n2, n2, team);
        products.giveBack(product);
        yOffset = targetOffset + done * size;
        if (count == 1) {
          multiplyFirst(0, team);
        } else {
          team.run(count, this);
        }
      }
    } finally {
      scratch.release(middle);
      middle = NONE;
    }
  }

  /** Lets go of the caller's arrays. */
  void clear() {
    first = NONE;
    y = NONE;
  }

  @Override
  public void run(int part) {
    multiplyFirst(part, WorkerTeam.sequential());
  }

  private void multiplyFirst(int token, WorkerTeam team) {
    int at = token * n1 * n2;
    BlockedProduct product = products.get();
    product
        .left(first, 0, 1, n1)
        .right(middle, at, n2, 1)
        .into(y, yOffset + at, n2, 1f, false, false)
        .run(n1, n2, n1, team);
    products.giveBack(product);
  }
}
