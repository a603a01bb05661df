// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernel.UnpreparedInput;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * Single-precision weights in a heap array, used where they lie.
 *
 * <p>One token reads every weight once, four rows at a time, at the speed of memory. Few tokens
 * share a row while it is in registers. Many tokens share a panel that is packed for the register
 * tile.
 *
 * <p>An addend passes through at most {@code r = in / lanes + 5 + lanes} roundings for few tokens
 * and {@code r = 260 + in / 256} for many; the error is at most {@code r u / (1 - r u) sum |w x|}
 * with {@code u = 2^-24}.
 */
public final class DenseArrayKernel extends PartitionedKernel implements PanelSource {
  /** From here on, transposing a panel costs less than what the larger register tile saves. */
  private static final int MANY_TOKENS = 48;

  private static final int ROWS_IN_PART = 16;

  /** Multiply-adds below which it does not pay to wake a thread, which takes 10 to 50 us. */
  private static final long SEQUENTIAL_WORK = 1 << 20;

  private final float[] weights;
  private final UnpreparedInput.Pool few = new UnpreparedInput.Pool();
  private final TokenPanels.Pool many;

  /**
   * Takes weights.
   *
   * @param weights the weights, {@code [out, in]}; kept, not copied
   * @param options threads and scratch memory
   */
  public DenseArrayKernel(FloatMatrix weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    this.weights = weights.data();
    this.many = new TokenPanels.Pool(options.scratch());
  }

  private record Kind(int inFeatures) {}

  @Override
  protected Object inputKind() {
    return new Kind(inFeatures());
  }

  @Override
  protected int batchSize() {
    return PanelProduct.BATCH;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    return tokens < MANY_TOKENS
        ? few.bind(x, xOffset)
        : many.bind(x, xOffset, tokens, inFeatures());
  }

  @Override
  protected int partCount(int tokens) {
    if ((long) tokens * inFeatures() * outFeatures() < SEQUENTIAL_WORK) {
      return 1;
    }
    return tokens < MANY_TOKENS
        ? Math.ceilDiv(outFeatures(), ROWS_IN_PART)
        : PanelProduct.partCount(outFeatures());
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    boolean whole = partCount(tokens) == 1;
    if (input instanceof TokenPanels panels) {
      int to = whole ? PanelProduct.partCount(outFeatures()) : part + 1;
      for (int p = part; p < to; p++) {
        PanelProduct.multiplyPart(
            this, inFeatures(), outFeatures(), panels, tokens, p, y, yOffset, options().scratch());
      }
      return;
    }
    UnpreparedInput x = (UnpreparedInput) input;
    int from = part * ROWS_IN_PART;
    int to = whole ? outFeatures() : Math.min(outFeatures(), from + ROWS_IN_PART);
    if (!ColdPhase.DOT_PRODUCTS.isOver()
        && ColdPhase.DOT_PRODUCTS.takes((long) tokens * (to - from) * inFeatures())) {
      multiplyPlain(x.array(), x.offset(), tokens, from, to, y, yOffset);
      return;
    }
    if (tokens <= 2) {
      multiplyOneByOne(x.array(), x.offset(), tokens, from, to, y, yOffset);
      return;
    }
    multiplyFew(x.array(), x.offset(), tokens, from, to, y, yOffset);
  }

  /** As {@link #multiplyOneByOne} or {@link #multiplyFew} would. */
  private void multiplyPlain(
      float[] x, int xOffset, int tokens, int from, int to, float[] y, int yOffset) {
    int in = inFeatures();
    int rest = tokens % DotTile.SIZE;
    int tiled = rest == DotTile.SIZE - 1 ? tokens : tokens - rest;
    float[] lanes = options().scratch().floats(PlainDots.SCRATCH);
    for (int row = from; row < to; row++) {
      for (int t = 0; t < tokens; t++) {
        int at = xOffset + t * in;
        y[yOffset + t * outFeatures() + row] =
            t < tiled
                ? PlainDots.ofMany(in, weights, row * in, x, at, lanes)
                : PlainDots.one(in, weights, row * in, x, at, lanes);
      }
    }
    options().scratch().release(lanes);
  }

  private void multiplyOneByOne(
      float[] x, int xOffset, int tokens, int from, int to, float[] y, int yOffset) {
    int in = inFeatures();
    float[] lanes = options().scratch().floats(DotTile.SCRATCH);
    for (int row = from; row < to; row += LaneSums.VECTORS) {
      int rows = Math.min(LaneSums.VECTORS, to - row);
      for (int t = 0; t < tokens; t++) {
        int target = yOffset + t * outFeatures() + row;
        DotTile.rows16(
            in, weights, row * in, in, rows, x, xOffset + t * in, y, target, false, lanes);
      }
    }
    options().scratch().release(lanes);
  }

  private void multiplyFew(
      float[] x, int xOffset, int tokens, int from, int to, float[] y, int yOffset) {
    int in = inFeatures();
    int out = outFeatures();
    float[] scratch = options().scratch().floats(DotTile.SCRATCH + DotTile.SIZE * DotTile.SIZE);
    for (int row = from; row < to; row += DotTile.SIZE) {
      int rows = Math.min(DotTile.SIZE, to - row);
      // A short last tile computes its last row several times.
      int w0 = row * in;
      int w1 = w0 + Math.min(1, rows - 1) * in;
      int w2 = w0 + Math.min(2, rows - 1) * in;
      int w3 = w0 + Math.min(3, rows - 1) * in;
      int t = 0;
      for (; t + 3 <= tokens; t += DotTile.SIZE) {
        int count = Math.min(DotTile.SIZE, tokens - t);
        int x0 = xOffset + t * in;
        int x3 = x0 + (count - 1) * in;
        boolean direct = rows == DotTile.SIZE && count == DotTile.SIZE;
        DotTile.rows4Tokens4(
            in,
            weights,
            w0,
            w1,
            w2,
            w3,
            x,
            x0,
            x0 + in,
            x0 + 2 * in,
            x3,
            direct ? y : scratch,
            direct ? yOffset + t * out + row : DotTile.SCRATCH,
            direct ? out : DotTile.SIZE,
            scratch);
        if (!direct) {
          for (int j = 0; j < count; j++) {
            System.arraycopy(
                scratch,
                DotTile.SCRATCH + j * DotTile.SIZE,
                y,
                yOffset + (t + j) * out + row,
                rows);
          }
        }
      }
      for (; t < tokens; t++) {
        DotTile.rows4(
            in, weights, w0, w1, w2, w3, x, xOffset + t * in, scratch, DotTile.SCRATCH, scratch);
        System.arraycopy(scratch, DotTile.SCRATCH, y, yOffset + t * out + row, rows);
      }
    }
    options().scratch().release(scratch);
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int rows = Math.min(RegisterTile.WIDTH, outFeatures() - row);
    int in = inFeatures();
    Panels.pack(weights, row * in + column, in, 1, rows, RegisterTile.WIDTH, depth, 1f, panel, 0);
  }

  @Override
  public String describe() {
    return "vector f32 ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], "
        + Lanes.BITS
        + "-bit vectors, weights in place on the heap";
  }
}
