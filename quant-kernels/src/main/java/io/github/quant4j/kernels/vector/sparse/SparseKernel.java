// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.sparse;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.dense.PanelProduct;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.SparseMatrix;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Compressed rows times float activations.
 *
 * <p>Several tokens are lanes: every element is one load and one multiply-add for as many tokens as
 * a vector has lanes. A single token has nothing to put into lanes: gathering inputs is as slow as
 * loading them one by one, so four sums hide the latency of plain additions.
 *
 * <p>An addend passes through at most {@code r = n + 3} roundings for rows of {@code n} elements;
 * the error is at most {@code r u / (1 - r u) sum |w x|} with {@code u = 2^-24}.
 */
public final class SparseKernel extends PartitionedKernel {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final int LANES = Lanes.FLOATS;

  /** That of the main products, which run in the same batches. */
  private static final int BATCH = PanelProduct.BATCH;

  private static final int ROWS_IN_PART = 256;

  /** Rows that are stored together, when tokens have been lanes. */
  private static final int ROWS_IN_TILE = 16;

  /** Multiply-adds below which waking a thread does not pay. */
  private static final long SEQUENTIAL_WORK = 1 << 15;

  private final int[] rowStarts;
  private final int[] columns;
  private final float[] values;
  private final TokenLanes.Pool inputs;

  /**
   * Takes a matrix.
   *
   * @param matrix the weights, {@code [out, in]}; its elements are copied
   * @param options threads and scratch memory
   */
  public SparseKernel(SparseMatrix matrix, KernelOptions options) {
    super(matrix.columns(), matrix.rows(), options);
    this.rowStarts = new int[matrix.rows() + 1];
    this.columns = new int[matrix.count()];
    this.values = new float[matrix.count()];
    for (int r = 0; r <= matrix.rows(); r++) {
      rowStarts[r] = matrix.rowStart(r);
    }
    for (int i = 0; i < values.length; i++) {
      columns[i] = matrix.column(i);
      values[i] = matrix.value(i);
    }
    this.inputs = new TokenLanes.Pool(options.scratch());
  }

  private record Kind(int inFeatures) {}

  @Override
  protected Object inputKind() {
    return new Kind(inFeatures());
  }

  @Override
  protected int batchSize() {
    return BATCH;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    return inputs.bind(x, xOffset, tokens, inFeatures());
  }

  /** Blocks of tokens one after the other, so that one of them stays in the cache for all rows. */
  @Override
  protected int partCount(int tokens) {
    return (long) tokens * values.length < SEQUENTIAL_WORK ? 1 : units(tokens);
  }

  private int units(int tokens) {
    return Math.ceilDiv(tokens, LANES) * Math.ceilDiv(outFeatures(), ROWS_IN_PART);
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    int end = partCount(tokens) == 1 ? units(tokens) : part + 1;
    int across = Math.ceilDiv(outFeatures(), ROWS_IN_PART);
    TokenLanes x = (TokenLanes) input;
    for (int unit = part; unit < end; unit++) {
      int from = unit % across * ROWS_IN_PART;
      int to = Math.min(outFeatures(), from + ROWS_IN_PART);
      if (tokens == 1) {
        multiplyOne(x.array(), x.offset(), from, to, y, yOffset);
      } else {
        int token = unit / across * LANES;
        multiplyBlock(x.array(), token, Math.min(LANES, tokens - token), from, to, y, yOffset);
      }
    }
  }

  private void multiplyBlock(
      float[] x, int token, int count, int from, int to, float[] y, int yOffset) {
    float[] tile = options().scratch().floats(ROWS_IN_TILE * LANES);
    for (int row = from; row < to; row += ROWS_IN_TILE) {
      int rows = Math.min(ROWS_IN_TILE, to - row);
      multiplyRows(x, token * inFeatures(), row, rows, tile);
      for (int i = 0; i < count; i++) {
        int at = yOffset + (token + i) * outFeatures() + row;
        for (int r = 0; r < rows; r++) {
          y[at + r] = tile[r * LANES + i];
        }
      }
    }
    options().scratch().release(tile);
  }

  private void multiplyOne(float[] x, int xOffset, int from, int to, float[] y, int yOffset) {
    for (int row = from; row < to; row++) {
      float s0 = 0;
      float s1 = 0;
      float s2 = 0;
      float s3 = 0;
      int i = rowStarts[row];
      int end = rowStarts[row + 1];
      for (; i + 4 <= end; i += 4) {
        s0 += values[i] * x[xOffset + columns[i]];
        s1 += values[i + 1] * x[xOffset + columns[i + 1]];
        s2 += values[i + 2] * x[xOffset + columns[i + 2]];
        s3 += values[i + 3] * x[xOffset + columns[i + 3]];
      }
      for (; i < end; i++) {
        s0 += values[i] * x[xOffset + columns[i]];
      }
      y[yOffset + row] = (s0 + s1) + (s2 + s3);
    }
  }

  /** Two sums for a row hide the latency of the additions; tokens are lanes. */
  private void multiplyRows(float[] x, int xOffset, int row, int rows, float[] tile) {
    for (int r = 0; r < rows; r++) {
      FloatVector even = FloatVector.zero(F);
      FloatVector odd = even;
      int i = rowStarts[row + r];
      int end = rowStarts[row + r + 1];
      for (; i + 2 <= end; i += 2) {
        even =
            Lanes.multiplyAdd(
                FloatVector.fromArray(F, x, xOffset + columns[i] * LANES),
                FloatVector.broadcast(F, values[i]),
                even);
        odd =
            Lanes.multiplyAdd(
                FloatVector.fromArray(F, x, xOffset + columns[i + 1] * LANES),
                FloatVector.broadcast(F, values[i + 1]),
                odd);
      }
      if (i < end) {
        FloatVector last =
            Lanes.multiplyAdd(
                FloatVector.fromArray(F, x, xOffset + columns[i] * LANES),
                FloatVector.broadcast(F, values[i]),
                even);
        last.add(odd).intoArray(tile, r * LANES);
      } else {
        even.add(odd).intoArray(tile, r * LANES);
      }
    }
  }

  @Override
  public String describe() {
    return "vector sparse ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], "
        + values.length
        + " elements, "
        + Lanes.BITS
        + "-bit vectors";
  }
}
