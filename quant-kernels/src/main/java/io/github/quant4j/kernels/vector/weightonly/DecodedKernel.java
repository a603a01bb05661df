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
import io.github.quant4j.parallel.ScratchPool;

/**
 * Weights that are decoded where they lie, rows at a time for few tokens and panel by panel for
 * many, so that there is no dense copy and decoding is shared by all tokens of a call. The error
 * bounds are those of dense weights.
 */
abstract class DecodedKernel extends PartitionedKernel implements PanelSource {
  private static final int MANY_TOKENS = 48;
  private static final int SIZE = DotTile.SIZE;
  private static final int LEAST_ROWS_IN_PART = 16;
  private static final long SEQUENTIAL_WORK = 1 << 17;

  private final int rowsAtOnce;
  private final int rowsInPart;
  private final UnpreparedInput.Pool few = new UnpreparedInput.Pool();
  private final TokenPanels.Pool many;

  /**
   * A kernel for a shape.
   *
   * @param rowsAtOnce rows that are decoded together, a multiple of 4
   */
  DecodedKernel(int inFeatures, int outFeatures, int rowsAtOnce, KernelOptions options) {
    super(inFeatures, outFeatures, options);
    this.rowsAtOnce = rowsAtOnce;
    this.rowsInPart = Math.ceilDiv(LEAST_ROWS_IN_PART, rowsAtOnce) * rowsAtOnce;
    this.many = new TokenPanels.Pool(options.scratch());
  }

  /**
   * Decodes a part of the matrix.
   *
   * @param row the first row
   * @param rows how many
   * @param column the first column, a multiple of 8
   * @param count how many columns
   * @param target receives the weights
   * @param offset position of the first one
   * @param rowStep distance of the rows in the target
   * @param columnStep distance of the columns in the target
   */
  abstract void decode(
      int row,
      int rows,
      int column,
      int count,
      float[] target,
      int offset,
      int rowStep,
      int columnStep);

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
        ? Math.ceilDiv(outFeatures(), rowsInPart)
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
        multiplyRows((UnpreparedInput) input, tokens, unit * rowsInPart, y, yOffset);
      }
    }
  }

  private void multiplyRows(UnpreparedInput x, int tokens, int from, float[] y, int yOffset) {
    int in = inFeatures();
    int out = outFeatures();
    int to = Math.min(out, from + rowsInPart);
    ScratchPool pool = options().scratch();
    float[] decoded = pool.floats(rowsAtOnce * in);
    float[] scratch = pool.floats(DotTile.SCRATCH + SIZE);
    for (int first = from; first < to; first += rowsAtOnce) {
      int count = Math.min(rowsAtOnce, to - first);
      decode(first, count, 0, in, decoded, 0, in, 1);
      for (int row = 0; row < count; row += SIZE) {
        int rows = Math.min(SIZE, count - row);
        int w0 = row * in;
        // A short last tile computes its last row several times.
        int w1 = w0 + Math.min(1, rows - 1) * in;
        int w2 = w0 + Math.min(2, rows - 1) * in;
        int w3 = w0 + Math.min(3, rows - 1) * in;
        for (int t = 0; t < tokens; t++) {
          DotTile.rows4(
              in,
              decoded,
              w0,
              w1,
              w2,
              w3,
              x.array(),
              x.offset() + t * in,
              scratch,
              DotTile.SCRATCH,
              scratch);
          System.arraycopy(scratch, DotTile.SCRATCH, y, yOffset + t * out + first + row, rows);
        }
      }
    }
    pool.release(scratch);
    pool.release(decoded);
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int width = RegisterTile.WIDTH;
    int rows = Math.min(width, outFeatures() - row);
    decode(row, rows, column, depth, panel, 0, 1, width);
    // Scratch memory may hold anything; what lies beyond the matrix must be finite.
    for (int r = rows; r < width; r++) {
      for (int k = 0; k < depth; k++) {
        panel[k * width + r] = 0f;
      }
    }
  }
}
