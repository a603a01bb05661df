// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.MemorySegment;

/** Blocks of random bytes whose weights are all finite: of any scale, sign and magnitude. */
public final class RandomBlocks {
  private RandomBlocks() {}

  public static BlockMatrix of(BlockFormat format, int rows, int columns, SeededRandom random) {
    byte[] data = new byte[Math.toIntExact(rows * format.rowBytes(columns))];
    MemorySegment segment = MemorySegment.ofArray(data);
    float[] weights = new float[format.blockSize()];
    for (int at = 0; at < data.length; at += format.blockBytes()) {
      do {
        for (int i = 0; i < format.blockBytes(); i++) {
          data[at + i] = (byte) random.nextInt(0, 256);
        }
        format.decoder().decode(segment, at, weights, 0);
      } while (!areModest(weights));
    }
    return new BlockMatrix(format, rows, columns, segment);
  }

  /** Finite, and far from what overflows in a sum. */
  private static boolean areModest(float[] weights) {
    for (float weight : weights) {
      if (!(Math.abs(weight) < 1e25f)) {
        return false;
      }
    }
    return true;
  }
}
