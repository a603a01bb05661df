// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.dense.PanelProduct;
import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.kernels.vector.dense.TokenPanels;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Quantized weights in {@link WordTiles} times float activations.
 *
 * <p>A few tokens are multiplied tile by tile without decoding to memory; more tokens share panels
 * of decoded weights.
 *
 * <p>Error bounds, with {@code u = 2^-24} and {@code w} the decoded weights. Many tokens: as for
 * dense weights, {@code r = 260 + in / 256} roundings of {@code sum |w x|}. Few tokens: each addend
 * passes through at most {@code r = group + groups + 8} roundings, and is at most {@code |x| s M},
 * where {@code s} is the scale and {@code M} the largest magnitude that a code takes in the
 * arithmetic of its family: that of the levels for tables and minifloats, at most {@code 2 (L + |z|
 * + step)} for evenly spaced codes of {@code L} the distance of the outermost levels and {@code z}
 * the zero point.
 */
final class WeightOnlyKernel extends PartitionedKernel {
  /** Multiply-adds below which it does not pay to wake a thread, which takes 10 to 50 us. */
  private static final long SEQUENTIAL_WORK = 1 << 20;

  private final TileProduct product;
  private final @Nullable GroupOffsets offsets;
  private final PanelSource panels;
  private final Optional<PlainTiles> plain;
  private final TokenLayout layout;
  private final float factor;
  private final String description;
  private final TokenVectors.Pool few;
  private final TokenPanels.Pool many;

  /**
   * Puts a kernel together.
   *
   * @param outFeatures rows
   * @param product what multiplies single tokens
   * @param offsets what is added to single tokens, null if nothing is
   * @param panels what decodes panels for more
   * @param layout how the product wants its token
   * @param factor what its sums are multiplied by
   * @param description the family, for reports
   * @param options threads and scratch memory
   */
  WeightOnlyKernel(
      int outFeatures,
      TileProduct product,
      @Nullable GroupOffsets offsets,
      PanelSource panels,
      TokenLayout layout,
      float factor,
      String description,
      KernelOptions options) {
    super(layout.inFeatures(), outFeatures, options);
    this.product = product;
    this.offsets = offsets;
    this.panels = panels;
    this.plain = product.plain();
    this.layout = layout;
    this.factor = factor;
    this.description = description;
    this.few = new TokenVectors.Pool(layout, options.scratch());
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
    PackedMemory.requireOpen(product.tiles.data());
    return isFew(tokens)
        ? few.bind(x, xOffset, tokens)
        : many.bind(x, xOffset, tokens, inFeatures());
  }

  @Override
  protected int partCount(int tokens) {
    if ((long) tokens * inFeatures() * outFeatures() < SEQUENTIAL_WORK) {
      return 1;
    }
    return units(tokens);
  }

  /** Whether codes stay in registers. Loops for that fuse; without the instruction panels win. */
  private boolean isFew(int tokens) {
    return tokens <= TokenVectors.MOST && Lanes.FUSED && product.isFast();
  }

  private int units(int tokens) {
    return isFew(tokens) ? product.tiles.tiles() : PanelProduct.partCount(outFeatures());
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    int to = partCount(tokens) == 1 ? units(tokens) : part + 1;
    if (!ColdPhase.FLOAT_NIBBLES.isOver()
        && input instanceof TokenVectors vectors
        && multiplyPlain(vectors, part, to, y, yOffset)) {
      return;
    }
    for (int unit = part; unit < to; unit++) {
      if (input instanceof TokenVectors vectors) {
        multiplyTile(vectors, unit, y, yOffset);
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

  private boolean multiplyPlain(TokenVectors tokens, int from, int to, float[] y, int yOffset) {
    long rows = (long) (to - from) * WordTiles.ROWS;
    if (plain.isEmpty() || !ColdPhase.FLOAT_NIBBLES.takes(tokens.count() * rows * inFeatures())) {
      return false;
    }
    plain.get().multiply(tokens, from, to, factor, y, yOffset, outFeatures(), options().scratch());
    for (int tile = from; tile < to; tile++) {
      addOffsets(tokens, tile, true, y, yOffset);
    }
    return true;
  }

  private void multiplyTile(TokenVectors tokens, int tile, float[] y, int yOffset) {
    float[] scratch = options().scratch().floats(TileProduct.SCRATCH);
    int row = tile * WordTiles.ROWS;
    int count = Math.min(WordTiles.ROWS, outFeatures() - row);
    for (int t = 0; t < tokens.count(); t++) {
      product.multiply(tile, tokens.get(t), scratch);
      int to = yOffset + t * outFeatures() + row;
      for (int i = 0; i < count; i++) {
        y[to + i] = scratch[i] * factor;
      }
    }
    options().scratch().release(scratch);
    addOffsets(tokens, tile, false, y, yOffset);
  }

  private void addOffsets(TokenVectors tokens, int tile, boolean isPlain, float[] y, int yOffset) {
    if (offsets == null) {
      return;
    }
    int row = tile * WordTiles.ROWS;
    int count = Math.min(WordTiles.ROWS, outFeatures() - row);
    for (int t = 0; t < tokens.count(); t++) {
      int to = yOffset + t * outFeatures() + row;
      offsets.add(tile, tokens.get(t), isPlain, count, y, to, options().scratch());
    }
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
