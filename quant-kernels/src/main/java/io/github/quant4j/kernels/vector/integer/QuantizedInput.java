// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernel.AffineCodes;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;

/**
 * A batch of tokens, quantized and cut into tiles with the operands that a family of kernels reads.
 *
 * <p>Each tile is one part. Tiles have four tokens as long as there are that many, then two, then
 * one. Where a family has tables that are worth sharing, a second round makes these in pieces: of a
 * single token, one thread would make them all, and the others would fetch them from it.
 */
final class QuantizedInput implements PreparedInput {
  /** Values begin here, so that reading one before the first is possible. */
  static final int GUARD = 16;

  private static final float[] NONE = {};
  private static final int[] NO_INTS = {};

  private final Maker maker;
  private final Tile[] tiles;
  private int tileCount;
  private boolean inPieces;
  private boolean plain;

  // Of the whole batch, borrowed: a tile that borrowed its own would exhaust the pool's slots.
  private float[] scales = NONE;
  private int[] valueSums = NO_INTS;
  private int[] zeros = NO_INTS;
  private int[] starts = NO_INTS;

  private float[] x = NONE;
  private int xOffset;

  private QuantizedInput(Maker maker) {
    this.maker = maker;
    this.tiles = new Tile[maker.batch / SegmentSums.MOST_TOKENS + 2];
    for (int i = 0; i < tiles.length; i++) {
      tiles[i] = new Tile();
    }
  }

  /** What inputs are made with, and where they lie between calls. */
  static final class Maker {
    private final TokenQuantizer quantizer;
    private final SegmentSums family;
    private final int factor;
    private final int center;
    private final int batch;
    private final ScratchPool scratch;
    private final InstancePool<QuantizedInput> instances = new InstancePool<>(ScratchPool.SLOTS);

    /**
     * Sets up.
     *
     * @param quantizer makes the integers
     * @param family makes its operands of them
     * @param weightCodes whose factor and offset are applied to the activations' side
     * @param batch the most tokens of an input
     * @param scratch memory
     */
    Maker(
        TokenQuantizer quantizer,
        SegmentSums family,
        AffineCodes weightCodes,
        int batch,
        ScratchPool scratch) {
      this(quantizer, family, weightCodes.factor(), weightCodes.offset(), batch, scratch);
    }

    /**
     * Sets up for weights that are {@code factor code - offset}.
     *
     * @param quantizer makes the integers
     * @param family makes its operands of them
     * @param factor what the integers are multiplied by
     * @param offset what sums of the integers are multiplied by and taken off
     * @param batch the most tokens of an input
     * @param scratch memory
     */
    Maker(
        TokenQuantizer quantizer,
        SegmentSums family,
        int factor,
        int offset,
        int batch,
        ScratchPool scratch) {
      this.quantizer = quantizer;
      this.family = family;
      this.factor = factor;
      this.center = offset;
      this.batch = batch;
      this.scratch = scratch;
    }

    /** Takes an input without reading it; a plain one is quantized, but not prepared further. */
    QuantizedInput bind(float[] x, int xOffset, int tokens, boolean plain) {
      QuantizedInput input = instances.poll();
      if (input == null) {
        input = new QuantizedInput(this);
      }
      input.x = x;
      input.xOffset = xOffset;
      input.inPieces = false;
      input.plain = plain;
      input.cut(tokens);
      return input;
    }
  }

  private void cut(int tokens) {
    int segments = maker.family.layout().segments();
    scales = maker.scratch.floats(tokens * segments);
    valueSums = maker.scratch.ints(tokens * segments);
    zeros = maker.scratch.ints(tokens * segments);
    starts = maker.scratch.ints(tokens * segments);
    tileCount = 0;
    int size = SegmentSums.MOST_TOKENS;
    for (int done = 0; done < tokens; ) {
      while (size > tokens - done) {
        size /= 2;
      }
      Tile tile = tiles[tileCount++];
      tile.firstToken = done;
      tile.tokens = size;
      tile.bind(segments, scales, valueSums, zeros, starts);
      done += size;
    }
  }

  /** Whether the tiles have values in place of a family's operands. */
  boolean isPlain() {
    return plain;
  }

  /** How many tiles there are. */
  int tileCount() {
    return tileCount;
  }

  /** A tile, once its part has run. */
  Tile tile(int index) {
    return tiles[index];
  }

  @Override
  public int parts() {
    return inPieces ? tileCount * maker.family.pieces() : tileCount;
  }

  @Override
  public boolean advance() {
    if (plain || inPieces || maker.family.pieces() == 0) {
      return false;
    }
    inPieces = true;
    return true;
  }

  @Override
  public void run(int part) {
    if (inPieces) {
      int pieces = maker.family.pieces();
      Tile tile = tiles[part / pieces];
      maker.family.preparePiece(tile, part % pieces, tile.values, GUARD, maker.scratch);
    } else {
      quantize(tiles[part]);
    }
  }

  private void quantize(Tile tile) {
    SegmentLayout layout = maker.family.layout();
    ScratchPool scratch = maker.scratch;
    int width = layout.paddedColumns();
    int[] values = scratch.ints(GUARD + tile.tokens * width);
    for (int t = 0; t < tile.tokens; t++) {
      int from = xOffset + (tile.firstToken + t) * layout.columns();
      maker.quantizer.quantize(x, from, tile, t, values, GUARD + t * width, scratch, plain);
    }
    if (maker.factor != 1) {
      for (int i = GUARD; i < GUARD + tile.tokens * width; i++) {
        values[i] *= maker.factor;
      }
    }
    if (plain) {
      Arrays.fill(tile.starts, tile.offset, tile.offset + tile.tokens * layout.segments(), 0);
    } else {
      maker.family.prepare(tile, values, GUARD, scratch);
    }
    if (plain || maker.family.pieces() > 0) {
      tile.values = values;
    } else {
      scratch.release(values);
    }
    for (int s = 0; s < layout.segments(); s++) {
      for (int t = 0; t < tile.tokens; t++) {
        tile.starts[tile.offset + s * tile.tokens + t] -=
            maker.center * tile.valueSums[tile.offset + t * layout.segments() + s];
      }
    }
  }

  @Override
  public void release() {
    x = NONE;
    for (int i = 0; i < tileCount; i++) {
      tiles[i].release(maker.scratch);
    }
    maker.scratch.release(scales);
    maker.scratch.release(valueSums);
    maker.scratch.release(zeros);
    maker.scratch.release(starts);
    maker.instances.offer(this);
  }
}
