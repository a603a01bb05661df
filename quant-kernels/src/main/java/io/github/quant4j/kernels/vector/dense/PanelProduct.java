// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.parallel.ScratchPool;

/**
 * The product of many tokens with weights in any representation: a panel of weights is decoded once
 * into scratch memory and used by all tokens while it is in the cache.
 */
public final class PanelProduct {
  /** Columns of a panel: with 32 rows, 32 KiB. */
  public static final int DEPTH = 256;

  /** Tokens at once: 256 tokens of 4096 inputs are 4 MiB of scratch memory. */
  public static final int BATCH = 256;

  private static final int WIDTH = RegisterTile.WIDTH;

  private PanelProduct() {}

  /**
   * The number of parts of the output.
   *
   * @param outFeatures rows of the weights
   * @return one for each panel of rows
   */
  public static int partCount(int outFeatures) {
    return Math.ceilDiv(outFeatures, WIDTH);
  }

  /**
   * Computes the outputs of one panel of rows for all tokens.
   *
   * <p>Sums run over the columns in ascending order, in blocks of {@link #DEPTH} whose sums are
   * added in ascending order.
   *
   * @param source the weights
   * @param inFeatures columns of the weights
   * @param outFeatures rows of the weights
   * @param input the packed tokens
   * @param tokens how many
   * @param part which panel of rows
   * @param y receives the outputs, row-major {@code [tokens, outFeatures]}
   * @param yOffset position of the first one
   * @param scratch where panels are decoded
   */
  public static void multiplyPart(
      PanelSource source,
      int inFeatures,
      int outFeatures,
      TokenPanels input,
      int tokens,
      int part,
      float[] y,
      int yOffset,
      ScratchPool scratch) {
    int row = part * WIDTH;
    int width = Math.min(WIDTH, outFeatures - row);
    float[] panel = scratch.floats(DEPTH * WIDTH);
    float[] edge = width < WIDTH ? scratch.floats(RegisterTile.HEIGHT * WIDTH) : panel;
    for (int k = 0; k < inFeatures; k += DEPTH) {
      int depth = Math.min(DEPTH, inFeatures - k);
      source.fill(row, k, depth, panel);
      for (int t = 0; t < tokens; ) {
        int height = RegisterTile.height(Math.min(RegisterTile.HEIGHT, tokens - t));
        int from = t * inFeatures + k * height;
        int to = yOffset + t * outFeatures + row;
        if (width == WIDTH) {
          RegisterTile.multiply(
              height, depth, input.panels(), from, panel, 0, y, to, outFeatures, k > 0);
        } else {
          RegisterTile.multiply(
              height, depth, input.panels(), from, panel, 0, edge, 0, WIDTH, false);
          copy(edge, height, width, y, to, outFeatures, k > 0);
        }
        t += height;
      }
    }
    if (width < WIDTH) {
      scratch.release(edge);
    }
    scratch.release(panel);
  }

  private static void copy(
      float[] edge, int height, int width, float[] y, int to, int outFeatures, boolean add) {
    for (int i = 0; i < height; i++) {
      int at = to + i * outFeatures;
      for (int w = 0; w < width; w++) {
        y[at + w] = add ? y[at + w] + edge[i * WIDTH + w] : edge[i * WIDTH + w];
      }
    }
  }
}
