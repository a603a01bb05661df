// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import java.util.Arrays;

/** Copies blocks of matrices into the panels that {@link RegisterTile} reads. */
final class Panels {
  /** Depth of the pieces in which a panel is transposed: one cache line of the source. */
  private static final int PIECE = 16;

  private Panels() {}

  /**
   * Packs {@code count} vectors of length {@code depth} side by side: element {@code d} of vector
   * {@code v} goes to {@code target[offset + d * width + v]}, times a factor; vectors from {@code
   * count} to {@code width} are zero.
   *
   * @param source where vector {@code v} has element {@code d} at {@code from + v * across + d *
   *     along}
   */
  static void pack(
      float[] source,
      int from,
      int across,
      int along,
      int count,
      int width,
      int depth,
      float factor,
      float[] target,
      int offset) {
    if (count < width) {
      Arrays.fill(target, offset, offset + depth * width, 0f);
    }
    if (across == 1) {
      copy(source, from, along, count, width, depth, factor, target, offset);
    } else if (along == 1) {
      transpose(source, from, across, count, width, depth, factor, target, offset);
    } else {
      for (int d = 0; d < depth; d++) {
        for (int v = 0; v < count; v++) {
          target[offset + d * width + v] = source[from + v * across + d * along] * factor;
        }
      }
    }
  }

  private static void copy(
      float[] source,
      int from,
      int along,
      int count,
      int width,
      int depth,
      float factor,
      float[] target,
      int offset) {
    for (int d = 0; d < depth; d++) {
      int in = from + d * along;
      int out = offset + d * width;
      if (factor == 1f) {
        System.arraycopy(source, in, target, out, count);
      } else {
        for (int v = 0; v < count; v++) {
          target[out + v] = source[in + v] * factor;
        }
      }
    }
  }

  private static void transpose(
      float[] source,
      int from,
      int across,
      int count,
      int width,
      int depth,
      float factor,
      float[] target,
      int offset) {
    for (int d0 = 0; d0 < depth; d0 += PIECE) {
      int end = Math.min(PIECE, depth - d0);
      for (int v = 0; v < count; v++) {
        int in = from + v * across + d0;
        int out = offset + d0 * width + v;
        for (int d = 0; d < end; d++) {
          target[out + d * width] = source[in + d] * factor;
        }
      }
    }
  }
}
