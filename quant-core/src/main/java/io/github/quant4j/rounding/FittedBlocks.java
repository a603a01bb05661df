// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.BlockGrid;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.BlockScales;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.ArrayList;
import java.util.List;

/** Scales of blocks of ggml while they are fitted to codes, and what they may become. */
final class FittedBlocks implements TileScales {
  private static final double[] FACTORS = {0.85, 0.93, 1.08, 1.17};

  /** By how much of a step of the codes the offsets of blocks are tried that have one each. */
  private static final double SHIFT = 0.4;

  final BlockScaleCodec codec;
  final ScaleLayout layout;
  final int tilesInBlock;

  /** What is added to the values of codes so that they begin with 0. */
  final int codeOffset;

  private final boolean turnsIntegers;

  /** One for each block. */
  final float[] scales;

  /** One for each block, or none. */
  final float[] leasts;

  final byte[] scaleCodes;
  final byte[] offsetCodes;

  private FittedBlocks(BlockScales given) {
    this.codec = given.codec();
    this.layout = given.layout();
    this.tilesInBlock = codec.tilesInBlock();
    this.codeOffset = 1 << codec.element().bits() - 1;
    this.turnsIntegers = codec.mirrored().isEmpty();
    this.scales = given.blockScales().clone();
    this.leasts = given.blockLeasts().clone();
    this.scaleCodes = given.scaleCodes().clone();
    this.offsetCodes = given.offsetCodes().clone();
  }

  static FittedBlocks of(Grid grid) {
    return new FittedBlocks(BlockGrid.scales(grid));
  }

  /** The scales as they are. */
  BlockScales stored() {
    return new BlockScales(
        codec, layout, scales.clone(), leasts.clone(), scaleCodes.clone(), offsetCodes.clone());
  }

  private FittedBlocks copy() {
    return new FittedBlocks(stored());
  }

  @Override
  public double scale(int tile) {
    float scale = scales[tile / tilesInBlock] * Math.abs(scaleCodes[tile]);
    return scale > 0 ? scale : Float.MIN_NORMAL;
  }

  double offset(int tile) {
    return leasts.length == 0 ? 0 : leasts[tile / tilesInBlock] * offsetCodes[tile];
  }

  boolean hasOffsets() {
    return leasts.length > 0;
  }

  /** Whether all weights of the block are zero at any codes. */
  boolean isNothing(int block) {
    return scales[block] == 0;
  }

  /** The largest magnitude of the integer of a tile, whose sign stays. */
  int mostScale(int tile) {
    return scaleCodes[tile] < 0 ? -codec.leastScale() : codec.mostScale();
  }

  @Override
  public double zero(int tile) {
    if (hasOffsets()) {
      return offset(tile) / scale(tile) - codeOffset;
    }
    return isTurned(tile) ? -1 : 0;
  }

  /** Whether the codes of integers count from the other end. */
  boolean isTurned(int tile) {
    return turnsIntegers && scaleCodes[tile] < 0;
  }

  @Override
  public double fit(ScaleSystem system, int first, double least) {
    return new BlockSystem(system, this, first).fit(least);
  }

  @Override
  public Grid fitted() {
    return BlockGrid.of(stored());
  }

  /** Scales and offsets of a tile become those of others for the same blocks. */
  void take(int tile, FittedBlocks other) {
    scaleCodes[tile] = other.scaleCodes[tile];
    if (hasOffsets()) {
      offsetCodes[tile] = other.offsetCodes[tile];
    }
    if (tilesInBlock == 1) {
      scales[tile] = other.scales[tile];
      if (hasOffsets()) {
        leasts[tile] = other.leasts[tile];
      }
    }
  }

  /** Others that differ in every tile, as far as they can. */
  List<FittedBlocks> neighbours() {
    List<FittedBlocks> neighbours = new ArrayList<>();
    for (double factor : FACTORS) {
      FittedBlocks scaled = copy();
      scaled.multiply(factor);
      neighbours.add(scaled);
      if (hasOffsets()) {
        FittedBlocks both = copy();
        both.multiply(factor);
        both.multiplyOffsets(factor);
        neighbours.add(both);
      }
    }
    if (hasOffsets()) {
      for (int sign = -1; sign <= 1; sign += 2) {
        FittedBlocks moved = copy();
        moved.shift(sign);
        neighbours.add(moved);
      }
    }
    if (codec.isSigned()) {
      FittedBlocks turned = copy();
      turned.turn();
      neighbours.add(turned);
    }
    return neighbours;
  }

  private void multiply(double factor) {
    for (int tile = 0; tile < scaleCodes.length; tile++) {
      if (tilesInBlock == 1) {
        scales[tile] = isNothing(tile) ? 0 : BlockScales.half((float) (factor * scales[tile]));
        continue;
      }
      int code = scaleCodes[tile];
      int magnitude = scaled(Math.abs(code), factor, mostScale(tile), 1);
      scaleCodes[tile] = (byte) (code < 0 ? -magnitude : magnitude);
    }
  }

  private void multiplyOffsets(double factor) {
    for (int tile = 0; tile < offsetCodes.length; tile++) {
      if (tilesInBlock == 1) {
        leasts[tile] =
            isNothing(tile) ? leasts[tile] : BlockScales.halfLeast((float) (factor * leasts[tile]));
      } else {
        offsetCodes[tile] =
            (byte) Math.clamp(Math.rint(factor * offsetCodes[tile]), 0, codec.mostOffset());
      }
    }
  }

  private void shift(int sign) {
    for (int tile = 0; tile < offsetCodes.length; tile++) {
      if (tilesInBlock == 1) {
        double moved = leasts[tile] + sign * SHIFT * scales[tile];
        leasts[tile] = isNothing(tile) ? leasts[tile] : BlockScales.halfLeast((float) moved);
      } else {
        offsetCodes[tile] = (byte) Math.clamp(offsetCodes[tile] + sign, 0, codec.mostOffset());
      }
    }
  }

  private void turn() {
    for (int tile = 0; tile < scaleCodes.length; tile++) {
      scaleCodes[tile] =
          (byte) Math.clamp(-scaleCodes[tile], codec.leastScale(), codec.mostScale());
    }
  }

  /** At least one step away. */
  private static int scaled(int value, double factor, int most, int least) {
    int rounded = (int) Math.rint(factor * value);
    int moved = rounded == value ? value + (factor < 1 ? -1 : 1) : rounded;
    return Math.clamp(moved, least, most);
  }
}
