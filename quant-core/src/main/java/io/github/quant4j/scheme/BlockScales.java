// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The scales and offsets of a matrix in blocks of ggml, as the blocks store them: weight {@code w =
 * scale * level(code)}, with offsets {@code w = scale * code - offset} for codes from 0. The scale
 * of a tile is that of its block times an integer, and its offset the least value of the block
 * times another.
 *
 * <p>Immutable in use; the arrays are shared and must not be changed.
 */
public final class BlockScales {
  private static final String BLOCK_PART = "block";
  private static final float LARGEST_HALF = 65504f;
  private static final float SMALLEST_HALF = 0x1p-24f;

  /** What stands for a scale of 0: no level times this is above half of binary16's least value. */
  private static final float NOTHING = Float.MIN_NORMAL;

  private final BlockScaleCodec codec;
  private final ScaleLayout layout;
  private final float[] scales;
  private final float[] leasts;
  private final byte[] scaleCodes;
  private final byte[] offsetCodes;
  private final int tilesInBlock;

  /** The offset of the integers' codes, or -1 for code books. */
  private final int codeOffset;

  /**
   * Puts scales together.
   *
   * @param codec the type of the blocks
   * @param layout the tiles
   * @param scales one for each block, values of binary16, 0 for a block of zeros, else positive
   * @param leasts one for each block, values of binary16; none without offsets
   * @param scaleCodes one for each tile, not 0
   * @param offsetCodes one for each tile; none without offsets
   * @throws IllegalArgumentException if there are not as many as the layout wants, or one is not
   *     what blocks store
   */
  public BlockScales(
      BlockScaleCodec codec,
      ScaleLayout layout,
      float[] scales,
      float[] leasts,
      byte[] scaleCodes,
      byte[] offsetCodes) {
    this.codec = codec;
    this.layout = layout;
    this.scales = scales;
    this.leasts = leasts;
    this.scaleCodes = scaleCodes;
    this.offsetCodes = offsetCodes;
    this.tilesInBlock = codec.tilesInBlock();
    this.codeOffset = codec.element() instanceof IntegerFormat integers ? integers.offset() : -1;
    int tiles = layout.count();
    int blocks = tiles / codec.tilesInBlock();
    require("scales", scales.length, blocks);
    require("scaleCodes", scaleCodes.length, tiles);
    require("leasts", leasts.length, codec.hasOffsets() ? blocks : 0);
    require("offsetCodes", offsetCodes.length, codec.hasOffsets() ? tiles : 0);
    requireStorable();
  }

  private static void require(String name, int found, int expected) {
    if (found != expected) {
      throw new IllegalArgumentException(name + ": " + found + ", expected " + expected);
    }
  }

  private void requireStorable() {
    for (int block = 0; block < scales.length; block++) {
      float least = leasts.length == 0 ? 0 : leasts[block];
      boolean isHalf = scales[block] == rounded(scales[block]) && least == rounded(least);
      boolean isPositive = scales[block] > 0 || (scales[block] == 0 && least == 0);
      if (!isHalf || !isPositive || (least < 0 && codec.tilesInBlock() > 1)) {
        throw new IllegalArgumentException(
            "scales: block "
                + block
                + " has "
                + scales[block]
                + " and "
                + least
                + ", expected values of binary16, the first one positive");
      }
    }
    for (int tile = 0; tile < scaleCodes.length; tile++) {
      int code = scaleCodes[tile];
      int offset = offsetCodes.length == 0 ? 0 : offsetCodes[tile];
      if (code == 0
          || code < codec.leastScale()
          || code > codec.mostScale()
          || offset < 0
          || offset > codec.mostOffset()) {
        throw new IllegalArgumentException(
            "scaleCodes: tile " + tile + " has " + code + " and " + offset + " in " + codec);
      }
    }
  }

  /**
   * The scales behind the parameters of a grid.
   *
   * @param codec the type of the blocks
   * @param layout the tiles
   * @param scales as {@link #scaleParameters()} gives them
   * @param zeros as {@link #zeroParameters()} gives them, or null if there are none
   * @return the scales
   * @throws IllegalArgumentException if a part is missing, or has another type or size
   */
  public static BlockScales of(
      BlockScaleCodec codec,
      ScaleLayout layout,
      GroupParameters scales,
      @Nullable GroupParameters zeros) {
    int tiles = layout.count();
    int blocks = tiles / codec.tilesInBlock();
    float[] leasts = new float[codec.hasOffsets() ? blocks : 0];
    byte[] offsetCodes = new byte[codec.hasOffsets() ? tiles : 0];
    if (zeros != null && codec.hasOffsets()) {
      leasts = StoredParts.require(zeros.parts(), BLOCK_PART, blocks, DType.F16).toFloatArray();
      offsetCodes = bytes(StoredParts.require(zeros.parts(), "", tiles, DType.I8));
    }
    return new BlockScales(
        codec,
        layout,
        StoredParts.require(scales.parts(), BLOCK_PART, blocks, DType.F16).toFloatArray(),
        leasts,
        bytes(StoredParts.require(scales.parts(), "", tiles, DType.I8)),
        offsetCodes);
  }

  private static byte[] bytes(Tensor tensor) {
    MemorySegment data = tensor.data();
    return data.toArray(ValueLayout.JAVA_BYTE);
  }

  /**
   * The nearest scale that a block can have.
   *
   * @param wanted finite
   * @return a value of binary16; positive if the wanted one is, and never infinite
   */
  public static float half(float wanted) {
    float value = rounded(wanted);
    return value == 0 && wanted > 0 ? SMALLEST_HALF : value;
  }

  /**
   * The nearest value of binary16.
   *
   * @param value finite
   * @return the value, at most the largest one by magnitude
   */
  static float rounded(float value) {
    return HalfPrecision.fromFloat16(
        HalfPrecision.toFloat16(Math.clamp(value, -LARGEST_HALF, LARGEST_HALF)));
  }

  /**
   * The nearest least value that a block can have.
   *
   * @param wanted finite
   * @return a value of binary16, not negative zero, and never infinite
   */
  public static float halfLeast(float wanted) {
    return rounded(wanted) + 0f;
  }

  /**
   * The type of the blocks.
   *
   * @return the codec
   */
  public BlockScaleCodec codec() {
    return codec;
  }

  /**
   * The tiles.
   *
   * @return the layout
   */
  public ScaleLayout layout() {
    return layout;
  }

  /**
   * The scales of blocks.
   *
   * @return one for each block
   */
  public float[] blockScales() {
    return scales;
  }

  /**
   * The least values of blocks.
   *
   * @return one for each block, or none
   */
  public float[] blockLeasts() {
    return leasts;
  }

  /**
   * The integers by which scales are multiplied.
   *
   * @return one for each tile; negative where the levels of the tile are turned around
   */
  public byte[] scaleCodes() {
    return scaleCodes;
  }

  /**
   * The integers by which least values are multiplied.
   *
   * @return one for each tile, or none
   */
  public byte[] offsetCodes() {
    return offsetCodes;
  }

  /**
   * The magnitude of the scale of a tile.
   *
   * @param tile index in the layout
   * @return positive; next to nothing where the block has scale 0
   */
  public float scale(int tile) {
    float scale = scales[tile / tilesInBlock] * Math.abs(scaleCodes[tile]);
    return scale > 0 ? scale : NOTHING;
  }

  /**
   * What is subtracted from the weights of a tile whose codes begin with 0.
   *
   * @param tile index in the layout
   * @return the offset, 0 if there are none
   */
  public float offset(int tile) {
    return offsetCodes.length == 0 ? 0 : leasts[tile / tilesInBlock] * offsetCodes[tile];
  }

  /**
   * The zero point of a tile in units of the format's values.
   *
   * @param tile index in the layout
   * @return a real number with offsets; -1 for integers that are turned around, which then count
   *     from the other end; 0 otherwise
   */
  public float zero(int tile) {
    if (codeOffset < 0) {
      return 0;
    }
    if (offsetCodes.length > 0) {
      return (float) ((double) offset(tile) / scale(tile) - codeOffset);
    }
    return scaleCodes[tile] < 0 ? -1 : 0;
  }

  /**
   * The scales with their stored form.
   *
   * @return one for each tile, positive
   */
  public GroupParameters scaleParameters() {
    float[] values = new float[scaleCodes.length];
    for (int tile = 0; tile < values.length; tile++) {
      values[tile] = scale(tile);
    }
    return new GroupParameters(values, parts(scaleCodes, scales));
  }

  /**
   * The zero points with their stored form.
   *
   * @return one for each tile, or empty for code books
   */
  public Optional<GroupParameters> zeroParameters() {
    if (codeOffset < 0) {
      return Optional.empty();
    }
    float[] values = new float[scaleCodes.length];
    for (int tile = 0; tile < values.length; tile++) {
      values[tile] = zero(tile);
    }
    return Optional.of(
        new GroupParameters(
            values, offsetCodes.length > 0 ? parts(offsetCodes, leasts) : new LinkedHashMap<>()));
  }

  private SequencedMap<String, Tensor> parts(byte[] codes, float[] halves) {
    short[] bits = new short[halves.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = HalfPrecision.toFloat16(halves[i]);
    }
    SequencedMap<String, Tensor> parts =
        StoredParts.of("", Tensor.ofBytes(DType.I8, StoredParts.shape(layout), codes));
    parts.put(BLOCK_PART, Tensor.ofShorts(DType.F16, Shape.of(bits.length), bits));
    return parts;
  }
}
