// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.block.BlockPacking;
import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.BlockScales;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Grids of blocks of ggml: the values that blocks can have, for roundings that know grids, and the
 * blocks of the codes that were chosen.
 *
 * <p>Values of the grid are those of the decoded blocks but for the rounding of zero points: {@code
 * scale * (value - zero)} in place of {@code scale * code - offset}.
 */
public final class BlockGrid {
  private BlockGrid() {}

  /**
   * The grid of scales.
   *
   * @param scales of blocks
   * @return a grid of their {@linkplain QuantScheme#ofBlocks scheme}
   */
  public static Grid of(BlockScales scales) {
    BlockScaleCodec codec = scales.codec();
    return new Grid(
        QuantScheme.ofBlocks(codec.blocks()),
        scales.layout(),
        palette(scales),
        scales.scaleParameters(),
        scales.zeroParameters().orElse(null));
  }

  private static FormatPalette palette(BlockScales scales) {
    NumberFormat element = scales.codec().element();
    NumberFormat mirrored = scales.codec().mirrored().orElse(null);
    if (mirrored == null) {
      return FormatPalette.uniform(element);
    }
    short[] selector = new short[scales.layout().count()];
    for (int tile = 0; tile < selector.length; tile++) {
      selector[tile] = (short) (scales.scaleCodes()[tile] < 0 ? 1 : 0);
    }
    return FormatPalette.selected(List.of(element, mirrored), selector);
  }

  /**
   * The scales of a grid.
   *
   * @param grid of blocks
   * @return what the blocks store besides codes
   * @throws IllegalArgumentException if the grid is not one of blocks
   */
  public static BlockScales scales(Grid grid) {
    BlockScaleCodec codec =
        grid.scheme()
            .blocks()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "grid: " + grid.scheme() + ", expected a scheme of blocks such as q4_k"));
    return BlockScales.of(codec, grid.layout(), grid.scales(), grid.zeroPoints().orElse(null));
  }

  /**
   * Puts a matrix into blocks.
   *
   * @param matrix on a grid of blocks
   * @return the blocks, which decode to the same weights but for the last bits
   * @throws IllegalArgumentException if the grid is not one of blocks, or the blocks exceed an
   *     array
   */
  public static BlockMatrix pack(QuantizedMatrix matrix) {
    BlockScales scales = scales(matrix.grid());
    BlockScaleCodec codec = scales.codec();
    BlockFormat format = codec.blocks();
    ScaleLayout layout = scales.layout();
    long rowBytes = format.rowBytes(layout.columns());
    if (rowBytes * layout.rows() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          matrix + ": " + rowBytes * layout.rows() + " bytes, expected at most an array's worth");
    }
    byte[] target = new byte[(int) (rowBytes * layout.rows())];
    byte[] codes = new byte[layout.columns()];
    Packer packer = new Packer(scales);
    for (int row = 0; row < layout.rows(); row++) {
      matrix.codes().unpackRow(row, codes, 0);
      packer.pack(row, codes, target, (int) (row * rowBytes));
    }
    return new BlockMatrix(
        format, layout.rows(), layout.columns(), MemorySegment.ofArray(target).asReadOnly());
  }

  /** Rows of codes, one after the other. */
  private static final class Packer {
    private final BlockScales scales;
    private final BlockFormat format;
    private final int tiles;
    private final int largestCode;

    /** What is added to the codes of a grid: bytes of Q8_0 are in two's complement. */
    private final int shift;

    private final byte[] blockCodes;
    private final int[] scaleCodes;
    private final int[] leastCodes;

    Packer(BlockScales scales) {
      BlockScaleCodec codec = scales.codec();
      this.scales = scales;
      this.format = codec.blocks();
      this.tiles = codec.tilesInBlock();
      this.largestCode = codec.element() instanceof Codebook book ? book.size() - 1 : mask(codec);
      this.shift = format == BlockFormat.Q8_0 ? -((IntegerFormat) codec.element()).offset() : 0;
      this.blockCodes = new byte[format.blockSize()];
      this.scaleCodes = new int[tiles];
      this.leastCodes = new int[tiles];
    }

    private static int mask(BlockScaleCodec codec) {
      return (1 << codec.element().bits()) - 1;
    }

    void pack(int row, byte[] codes, byte[] target, int at) {
      int blocks = codes.length / format.blockSize();
      for (int b = 0; b < blocks; b++) {
        int block = row * blocks + b;
        for (int t = 0; t < tiles; t++) {
          int tile = block * tiles + t;
          scaleCodes[t] = scales.scaleCodes()[tile];
          leastCodes[t] = scales.offsetCodes().length == 0 ? 0 : scales.offsetCodes()[tile];
        }
        int width = format.blockSize() / tiles;
        for (int i = 0; i < blockCodes.length; i++) {
          int code = codes[b * blockCodes.length + i] & 0xff;
          boolean isTurned = scaleCodes[i / width] < 0;
          blockCodes[i] = (byte) ((isTurned ? largestCode - code : code) + shift);
        }
        BlockPacking.pack(
            format,
            new BlockPacking.Parts(blockCodes, scale(block), least(block), scaleCodes, leastCodes),
            target,
            at + b * format.blockBytes());
      }
    }

    /** With its sign where the block is one tile. */
    private float scale(int block) {
      float scale = scales.blockScales()[block];
      return tiles == 1 ? scale * scaleCodes[0] : scale;
    }

    /** What is subtracted, or where the block is one tile, added. */
    private float least(int block) {
      if (scales.blockLeasts().length == 0) {
        return 0;
      }
      float least = scales.blockLeasts()[block];
      return tiles == 1 ? 0f - least * leastCodes[0] : least;
    }
  }
}
