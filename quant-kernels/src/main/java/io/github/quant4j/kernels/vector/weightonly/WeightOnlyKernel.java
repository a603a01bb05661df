// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.Lanes;
import io.github.quant4j.kernels.vector.dense.PanelProduct;
import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.kernels.vector.dense.TokenPanels;

/**
 * Quantized weights in {@link WordTiles} times float activations.
 *
 * <p>One token is multiplied tile by tile without decoding to memory; more tokens share panels of
 * decoded weights.
 *
 * <p>Error bounds, with {@code u = 2^-24} and {@code w} the decoded weights. Many tokens: as for
 * dense weights, {@code r = 260 + in / 256} roundings of {@code sum |w x|}. One token: each addend
 * passes through at most {@code r = group + groups + 8} roundings, and is at most {@code |x| s M},
 * where {@code s} is the scale and {@code M} the largest magnitude that a code takes in the
 * arithmetic of its family: that of the levels for tables and minifloats, at most {@code 2 (L + |z|
 * + step)} for evenly spaced codes of {@code L} the distance of the outermost levels and {@code z}
 * the zero point.
 */
final class WeightOnlyKernel extends PartitionedKernel {
  /** Multiply-adds below which waking a thread does not pay. */
  private static final long SEQUENTIAL_WORK = 1 << 17;

  private final TileProduct product;
  private final PanelSource panels;
  private final TokenLayout layout;
  private final float factor;
  private final int tiles;
  private final String description;
  private final TokenVector.Pool one;
  private final TokenPanels.Pool many;

  /**
   * Puts a kernel together.
   *
   * @param outFeatures rows
   * @param product what multiplies one token
   * @param panels what decodes panels for more
   * @param layout how the product wants its token
   * @param factor what its sums are multiplied by
   * @param description the family, for reports
   * @param options threads and scratch memory
   */
  WeightOnlyKernel(
      int outFeatures,
      TileProduct product,
      PanelSource panels,
      TokenLayout layout,
      float factor,
      String description,
      KernelOptions options) {
    super(layout.inFeatures(), outFeatures, options);
    this.product = product;
    this.panels = panels;
    this.layout = layout;
    this.factor = factor;
    this.tiles = product.tiles.tiles();
    this.description = description;
    this.one = new TokenVector.Pool(layout, options.scratch());
    this.many = new TokenPanels.Pool(options.scratch());
  }

  @Override
  protected Object inputKind() {
    return layout;
  }

  @Override
  protected int batchSize() {
    return PanelProduct.BATCH;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    return isSingle(tokens) ? one.bind(x, xOffset) : many.bind(x, xOffset, tokens, inFeatures());
  }

  @Override
  protected int partCount(int tokens) {
    if ((long) tokens * inFeatures() * outFeatures() < SEQUENTIAL_WORK) {
      return 1;
    }
    return units(tokens);
  }

  /** Whether codes stay in registers. Loops for that fuse; without the instruction panels win. */
  private static boolean isSingle(int tokens) {
    return tokens == 1 && Lanes.FUSED;
  }

  private int units(int tokens) {
    return isSingle(tokens) ? tiles : PanelProduct.partCount(outFeatures());
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    int to = partCount(tokens) == 1 ? units(tokens) : part + 1;
    for (int unit = part; unit < to; unit++) {
      if (input instanceof TokenVector token) {
        multiplyTile(token, unit, y, yOffset);
      } else {
        PanelProduct.multiplyPart(
            panels,
            inFeatures(),
            outFeatures(),
            (TokenPanels) input,
            tokens,
            unit,
            y,
            yOffset,
            options().scratch());
      }
    }
  }

  private void multiplyTile(TokenVector token, int tile, float[] y, int yOffset) {
    float[] sums = options().scratch().floats(WordTiles.ROWS);
    product.multiply(tile, token, sums);
    int row = tile * WordTiles.ROWS;
    int count = Math.min(WordTiles.ROWS, outFeatures() - row);
    for (int i = 0; i < count; i++) {
      y[yOffset + row + i] = sums[i] * factor;
    }
    options().scratch().release(sums);
  }

  @Override
  public String describe() {
    return "vector "
        + description
        + " ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], float activations, "
        + Lanes.BITS
        + "-bit vectors";
  }
}
