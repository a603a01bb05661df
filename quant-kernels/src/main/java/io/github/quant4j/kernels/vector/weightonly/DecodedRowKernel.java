// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernel.UnpreparedInput;
import io.github.quant4j.kernels.vector.dense.DotTile;
import io.github.quant4j.kernels.vector.dense.PanelProduct;
import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.kernels.vector.dense.RegisterTile;
import io.github.quant4j.kernels.vector.dense.TokenPanels;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.scheme.ScaleLayout;

/**
 * Any quantized matrix, decoded by tables row by row where it lies: code books of tiles, groups
 * that are not whole words, scales of columns, special values.
 *
 * <p>Decoding takes about a nanosecond for a weight and is shared by all tokens of a call. The
 * error bounds are those of dense weights.
 */
final class DecodedRowKernel extends PartitionedKernel implements PanelSource {
  private static final int MANY_TOKENS = 48;
  private static final int SIZE = DotTile.SIZE;
  private static final int ROWS_IN_PART = 16;
  private static final long SEQUENTIAL_WORK = 1 << 17;

  private final QuantizedMatrix weights;
  private final float[][] levels;
  private final UnpreparedInput.Pool few = new UnpreparedInput.Pool();
  private final TokenPanels.Pool many;

  DecodedRowKernel(QuantizedMatrix weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    this.weights = weights;
    this.levels =
        weights.grid().palette().formats().stream()
            .map(format -> format.decodeTable())
            .toArray(float[][]::new);
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
    if ((long) inFeatures() * outFeatures() < SEQUENTIAL_WORK) {
      return 1;
    }
    return units(tokens);
  }

  private int units(int tokens) {
    return tokens < MANY_TOKENS
        ? Math.ceilDiv(outFeatures(), ROWS_IN_PART)
        : PanelProduct.partCount(outFeatures());
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    int to = partCount(tokens) == 1 ? units(tokens) : part + 1;
    for (int unit = part; unit < to; unit++) {
      if (input instanceof TokenPanels panels) {
        PanelProduct.multiplyPart(
            this,
            inFeatures(),
            outFeatures(),
            panels,
            tokens,
            unit,
            y,
            yOffset,
            options().scratch());
      } else {
        multiplyRows((UnpreparedInput) input, tokens, unit * ROWS_IN_PART, y, yOffset);
      }
    }
  }

  private void multiplyRows(UnpreparedInput x, int tokens, int from, float[] y, int yOffset) {
    int in = inFeatures();
    int out = outFeatures();
    int to = Math.min(out, from + ROWS_IN_PART);
    ScratchPool pool = options().scratch();
    float[] decoded = pool.floats(SIZE * in);
    byte[] codes = pool.bytes(in);
    float[] scratch = pool.floats(DotTile.SCRATCH + SIZE);
    for (int row = from; row < to; row += SIZE) {
      int rows = Math.min(SIZE, to - row);
      for (int i = 0; i < rows; i++) {
        decode(row + i, 0, in, codes, decoded, i * in, 1);
      }
      // A short last tile computes its last row several times.
      int w1 = Math.min(1, rows - 1) * in;
      int w2 = Math.min(2, rows - 1) * in;
      int w3 = Math.min(3, rows - 1) * in;
      for (int t = 0; t < tokens; t++) {
        DotTile.rows4(
            in,
            decoded,
            0,
            w1,
            w2,
            w3,
            x.array(),
            x.offset() + t * in,
            scratch,
            DotTile.SCRATCH,
            scratch);
        System.arraycopy(scratch, DotTile.SCRATCH, y, yOffset + t * out + row, rows);
      }
    }
    pool.release(scratch);
    pool.release(codes);
    pool.release(decoded);
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int width = RegisterTile.WIDTH;
    int rows = Math.min(width, outFeatures() - row);
    byte[] codes = options().scratch().bytes(depth);
    for (int r = 0; r < rows; r++) {
      decode(row + r, column, depth, codes, panel, r, width);
    }
    // Scratch memory may hold anything; what lies beyond the matrix must be finite.
    for (int r = rows; r < width; r++) {
      for (int k = 0; k < depth; k++) {
        panel[k * width + r] = 0f;
      }
    }
    options().scratch().release(codes);
  }

  /** Decodes a run of a row's weights to positions {@code step} apart. */
  private void decode(
      int row, int column, int count, byte[] codes, float[] target, int offset, int step) {
    weights.codes().unpack(row, column, count, codes, 0);
    Grid grid = weights.grid();
    ScaleLayout layout = grid.layout();
    int k = 0;
    while (k < count) {
      int tile = layout.index(row, column + k);
      float[] table = levels[grid.palette().selection(tile)];
      float scale = grid.scale(tile);
      float zero = grid.zeroPoint(tile);
      int width = layout.blockColumns();
      int end = Math.min(count, k + width - (column + k) % width);
      for (; k < end; k++) {
        target[offset + k * step] = (table[codes[k] & 0xff] - zero) * scale;
      }
    }
  }

  @Override
  public String describe() {
    return "vector "
        + weights.scheme()
        + " by decoded rows ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], float activations, "
        + Lanes.BITS
        + "-bit vectors";
  }
}
