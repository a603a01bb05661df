// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernels.vector.dense.DotTile;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.ScaleLayout;

/**
 * Any quantized matrix, decoded by tables row by row where it lies: code books of tiles, groups
 * that are not whole words, scales of columns, special values.
 *
 * <p>Decoding takes about a nanosecond for a weight.
 */
final class DecodedRowKernel extends DecodedKernel {
  private final QuantizedMatrix weights;
  private final float[][] levels;

  DecodedRowKernel(QuantizedMatrix weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), DotTile.SIZE, options);
    this.weights = weights;
    this.levels =
        weights.grid().palette().formats().stream()
            .map(format -> format.decodeTable())
            .toArray(float[][]::new);
  }

  @Override
  void decode(
      int row,
      int rows,
      int column,
      int count,
      float[] target,
      int offset,
      int rowStep,
      int columnStep) {
    byte[] codes = options().scratch().bytes(count);
    for (int r = 0; r < rows; r++) {
      decode(row + r, column, count, codes, target, offset + r * rowStep, columnStep);
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
