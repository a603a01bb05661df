// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.block.CodedBlocks;
import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Scales and offsets as blocks of ggml store them: a scale in binary16 for each block, and where a
 * block has several tiles an integer for each of them by which it is multiplied; likewise for
 * offsets.
 *
 * <p>A negative scale turns the levels of its tile around. As scales of a grid are positive, the
 * codes of such a tile count from the other end: for integers the zero point is then -1, and code
 * books have a second, mirrored one.
 *
 * <p>Matrices of these scales are kept as blocks, see {@link BlockScales}, so that zero points are
 * neither encoded nor decoded by themselves.
 *
 * @param blocks the type of the blocks
 */
public record BlockScaleCodec(BlockFormat blocks) implements ScaleCodec {
  private static final List<BlockFormat> FORMATS =
      List.of(
          BlockFormat.Q4_0,
          BlockFormat.Q4_1,
          BlockFormat.Q5_0,
          BlockFormat.Q5_1,
          BlockFormat.Q8_0,
          BlockFormat.Q2_K,
          BlockFormat.Q3_K,
          BlockFormat.Q4_K,
          BlockFormat.Q5_K,
          BlockFormat.Q6_K,
          BlockFormat.IQ4_NL,
          BlockFormat.IQ4_XS,
          BlockFormat.TQ1_0,
          BlockFormat.TQ2_0);

  /**
   * Checks the format.
   *
   * @throws IllegalArgumentException if there are no grids of it
   */
  public BlockScaleCodec {
    if (!FORMATS.contains(blocks)) {
      throw new IllegalArgumentException("blocks: " + blocks + ", expected one of " + FORMATS);
    }
  }

  /**
   * The formats that weights can be rounded to.
   *
   * @return in the order of ggml
   */
  public static List<BlockFormat> formats() {
    return FORMATS;
  }

  /**
   * The element format of the codes.
   *
   * @return integers, or a code book in ggml's units
   */
  public NumberFormat element() {
    return switch (blocks) {
      case Q2_K -> new IntegerFormat(2);
      case Q3_K -> new IntegerFormat(3);
      case Q4_0, Q4_1, Q4_K -> new IntegerFormat(4);
      case Q5_0, Q5_1, Q5_K -> new IntegerFormat(5);
      case Q6_K -> new IntegerFormat(6);
      case Q8_0 -> new IntegerFormat(8);
      case TQ1_0, TQ2_0 -> Codebook.TERNARY;
      default -> Codebook.of(levels());
    };
  }

  /**
   * The levels of a tile whose scale is negative, in ascending order.
   *
   * @return the mirrored code book; empty for integers and levels that are their own mirror image
   */
  public Optional<NumberFormat> mirrored() {
    if (element() instanceof IntegerFormat || !isSigned()) {
      return Optional.empty();
    }
    float[] levels = element().levels();
    float[] turned = new float[levels.length];
    for (int i = 0; i < turned.length; i++) {
      turned[i] = -levels[levels.length - 1 - i];
    }
    return Optional.of(Codebook.of(turned));
  }

  private float[] levels() {
    byte[] bytes = coded().levels();
    float[] levels = new float[bytes.length];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = bytes[i];
    }
    return levels;
  }

  private CodedBlocks coded() {
    return blocks.coded().orElseThrow();
  }

  /**
   * The columns of a tile.
   *
   * @return neighbours that share a scale
   */
  public int tileColumns() {
    return coded().run();
  }

  /**
   * The tiles of a block.
   *
   * @return 1 where each has a scale in binary16
   */
  public int tilesInBlock() {
    return blocks.blockSize() / tileColumns();
  }

  /**
   * Whether tiles have offsets.
   *
   * @return true for {@code w = scale * code - offset}
   */
  public boolean hasOffsets() {
    return coded().hasOffsets();
  }

  /**
   * Whether scales may be negative.
   *
   * @return false with offsets, and where levels are their own mirror image
   */
  public boolean isSigned() {
    return leastScale() < 0;
  }

  /**
   * The least integer by which the scale of a block is multiplied. Zero is none of ours: where all
   * weights of a tile are to be alike, their codes can be.
   *
   * @return 1, or negative
   */
  public int leastScale() {
    return switch (blocks) {
      case Q4_0, Q5_0, Q8_0, IQ4_NL -> -1;
      case Q3_K, IQ4_XS -> -32;
      case Q6_K -> -128;
      default -> 1;
    };
  }

  /**
   * The largest integer by which the scale of a block is multiplied.
   *
   * @return at least 1
   */
  public int mostScale() {
    return switch (blocks) {
      case Q2_K -> 15;
      case Q3_K, IQ4_XS -> 31;
      case Q4_K, Q5_K -> 63;
      case Q6_K -> 127;
      default -> 1;
    };
  }

  /**
   * The largest integer by which the least value of a block is multiplied to give an offset.
   *
   * @return 0 without offsets; 1 where the offset of a block is stored itself, and may be negative
   */
  public int mostOffset() {
    return switch (blocks) {
      case Q2_K -> 15;
      case Q4_K, Q5_K -> 63;
      case Q4_1, Q5_1 -> 1;
      default -> 0;
    };
  }

  /**
   * The tiles of a matrix.
   *
   * @param rows outputs
   * @param columns inputs
   * @return the layout
   * @throws IllegalArgumentException if the columns are not a whole number of blocks; the message
   *     names the format that llama.cpp takes in this case
   */
  public ScaleLayout layout(int rows, int columns) {
    if (columns % blocks.blockSize() != 0) {
      throw new IllegalArgumentException(
          label()
              + ": "
              + columns
              + " columns, expected a multiple of "
              + blocks.blockSize()
              + advice(columns));
    }
    return Granularity.group(tileColumns()).layout(rows, columns);
  }

  private String advice(int columns) {
    BlockFormat other =
        switch (blocks) {
          case Q4_K -> BlockFormat.Q5_0;
          case Q5_K -> BlockFormat.Q5_1;
          case Q6_K -> BlockFormat.Q8_0;
          case Q2_K, Q3_K, IQ4_XS, TQ1_0, TQ2_0 -> BlockFormat.IQ4_NL;
          default -> blocks;
        };
    return columns % other.blockSize() == 0
        ? "; take " + new BlockScaleCodec(other).label() + " for this layer, as llama.cpp does"
        : "; keep this layer, or take a scheme with groups";
  }

  @Override
  public String label() {
    return blocks.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public boolean isIndependent() {
    return false;
  }

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    float[] scales = new float[typical.length / tilesInBlock()];
    byte[] codes = new byte[typical.length];
    for (int i = 0; i < typical.length; i++) {
      int block = i / tilesInBlock();
      codes[i] = 1;
      scales[block] = Math.max(scales[block], (float) (typical[i] / mostScale()));
    }
    for (int i = 0; i < scales.length; i++) {
      scales[i] = BlockScales.half(scales[i]);
    }
    return new BlockFrame(scales(layout, scales, codes));
  }

  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    return new BlockFrame(BlockScales.of(this, layout, stored, null));
  }

  private BlockScales scales(ScaleLayout layout, float[] scales, byte[] codes) {
    return new BlockScales(
        this,
        layout,
        scales,
        new float[hasOffsets() ? scales.length : 0],
        codes,
        new byte[hasOffsets() ? codes.length : 0]);
  }

  /** Scales of blocks that are settled, and signs of tiles. */
  private record BlockFrame(BlockScales given) implements ScaleFrame {
    private int code(int tile, double wanted) {
      BlockScaleCodec codec = given.codec();
      float scale = given.blockScales()[tile / codec.tilesInBlock()];
      int sign = given.scaleCodes()[tile] < 0 ? -1 : 1;
      int most = sign < 0 ? -codec.leastScale() : codec.mostScale();
      double multiple = scale > 0 ? Math.rint(wanted / scale) : 1;
      return sign * (int) Math.clamp(multiple, 1, most);
    }

    private BlockScales with(byte[] codes) {
      return given.codec().scales(given.layout(), given.blockScales(), codes);
    }

    @Override
    public float round(int tile, double wanted) {
      float scale = given.blockScales()[tile / given.codec().tilesInBlock()];
      return scale > 0 ? scale * Math.abs(code(tile, wanted)) : given.scale(tile);
    }

    @Override
    public GroupParameters encode(double[] scales) {
      StoredParts.requireScales(scales, given.layout());
      byte[] codes = new byte[scales.length];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) code(i, scales[i]);
      }
      return with(codes).scaleParameters();
    }
  }

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    throw new IllegalArgumentException(
        label() + ": expected a matrix of blocks, found codes and scales by themselves");
  }

  @Override
  public GroupParameters encodeZeroPoints(float[] zeros, ScaleLayout layout, IntegerFormat format) {
    throw new IllegalArgumentException(
        label() + ": offsets are in units of weights, and stored with scales only");
  }

  @Override
  public GroupParameters decodeZeroPoints(
      Map<String, Tensor> parts, ScaleLayout layout, IntegerFormat format) {
    return decode(parts, layout);
  }
}
