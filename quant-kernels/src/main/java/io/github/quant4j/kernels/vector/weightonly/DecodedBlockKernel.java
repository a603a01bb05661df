// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernels.vector.dense.DotTile;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.BlockMatrix;

/** Weights in blocks of ggml that are not codes with scales, decoded row by row. */
final class DecodedBlockKernel extends DecodedKernel {
  private final BlockMatrix weights;

  DecodedBlockKernel(BlockMatrix weights, KernelOptions options) {
    super(weights.columns(), weights.rows(), DotTile.SIZE, options);
    this.weights = weights;
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
    int size = weights.format().blockSize();
    float[] block = options().scratch().floats(size);
    for (int r = 0; r < rows; r++) {
      int to = offset + r * rowStep;
      int k = 0;
      while (k < count) {
        int first = (column + k) % size;
        long at =
            (row + r) * weights.rowBytes()
                + (long) ((column + k) / size) * weights.format().blockBytes();
        weights.format().decoder().decode(weights.data(), at, block, 0);
        int end = Math.min(count, k + size - first);
        for (int i = first; k < end; i++, k++) {
          target[to + k * columnStep] = block[i];
        }
      }
    }
    options().scratch().release(block);
  }

  @Override
  public String describe() {
    return "vector "
        + weights.format()
        + " by decoded blocks ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], float activations, "
        + Lanes.BITS
        + "-bit vectors";
  }
}
