// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.LevelTable;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.BlockScales;
import java.util.List;

/**
 * Fits the scales of one block: first each tile by itself, then the scale and the least value of
 * the block and the integers of the tiles, by the error of the weights that come out.
 */
final class BlockSearch {
  /** Candidates for the scale of a block. */
  private static final int CANDIDATES = 16;

  /** The largest scale is at least this share of what can be stored. */
  private static final double LEAST_SHARE = 0.6;

  private static final int PASSES = 3;
  private static final int REACH = 1;

  private final BlockScaleCodec codec;
  private final boolean fits;
  private final List<Shrink> candidates;
  private final int tiles;
  private final BlockTile[] tile;
  private final double[] wanted;
  private final double[] offsets;
  private final double[] scaleWeight;
  private final double[] offsetWeight;
  private final int[] scaleCodes;
  private final int[] offsetCodes;
  private float scale;
  private float least;

  /** With fits, ranges are only where the search begins. */
  BlockSearch(BlockScaleCodec codec, List<Shrink> candidates, boolean fits) {
    this.codec = codec;
    this.fits = fits;
    this.candidates = candidates;
    this.tiles = codec.tilesInBlock();
    this.tile = new BlockTile[tiles];
    this.wanted = new double[tiles];
    this.offsets = new double[tiles];
    this.scaleWeight = new double[tiles];
    this.offsetWeight = new double[tiles];
    this.scaleCodes = new int[tiles];
    this.offsetCodes = new int[tiles];
    LevelTable table = LevelTable.of(codec.element());
    for (int t = 0; t < tiles; t++) {
      tile[t] = new BlockTile(codec, table);
    }
  }

  /** Takes a weight of the block. */
  void put(int i, double weight, double counts) {
    tile[i / codec.tileColumns()].put(i % codec.tileColumns(), weight, counts);
  }

  float scale() {
    return scale;
  }

  float least() {
    return least;
  }

  int scaleCode(int t) {
    return scaleCodes[t];
  }

  int offsetCode(int t) {
    return offsetCodes[t];
  }

  /** Finds scales and offsets of the weights that were put. */
  void run() {
    for (int t = 0; t < tiles; t++) {
      tile[t].search(candidates, fits);
      wanted[t] = tile[t].scale;
      offsets[t] = tile[t].offset;
    }
    chooseScale();
    chooseLeast();
    if (fits && scale > 0) {
      refine();
    }
  }

  private int mostScale(double sign) {
    return sign < 0 ? -codec.leastScale() : codec.mostScale();
  }

  /** The scale of the block at which the wanted scales come out best. */
  private void chooseScale() {
    double largest = 0;
    for (int t = 0; t < tiles; t++) {
      largest = Math.max(largest, Math.abs(wanted[t]) / mostScale(wanted[t]));
      if (wanted[t] != 0) {
        tile[t].error(wanted[t], offsets[t]);
        double spread = tile[t].ones > 0 ? tile[t].sums * tile[t].sums / tile[t].ones : 0;
        scaleWeight[t] = tile[t].squares - (codec.hasOffsets() ? spread : 0);
        offsetWeight[t] = tile[t].ones;
      } else {
        scaleWeight[t] = 0;
        offsetWeight[t] = tile[t].error(1, offsets[t]) >= 0 ? tile[t].ones : 0;
      }
    }
    scale = largest > 0 ? BlockScales.half((float) largest) : 0;
    double leastError = Double.POSITIVE_INFINITY;
    int tried = fits && codec.mostScale() > 1 ? CANDIDATES : 1;
    float best = scale;
    for (int i = 0; i < tried && largest > 0; i++) {
      double share = 1 - i * (1 - LEAST_SHARE) / CANDIDATES;
      float candidate = BlockScales.half((float) (largest / share));
      double error = 0;
      for (int t = 0; t < tiles; t++) {
        double difference = candidate * scaleCode(wanted[t], candidate) - wanted[t];
        error += scaleWeight[t] * difference * difference;
      }
      if (error < leastError) {
        leastError = error;
        best = candidate;
      }
    }
    scale = best;
    for (int t = 0; t < tiles; t++) {
      scaleCodes[t] = scale > 0 ? scaleCode(wanted[t], scale) : 1;
    }
  }

  private int scaleCode(double value, double unit) {
    double multiple = Math.clamp(Math.rint(Math.abs(value) / unit), 1, mostScale(value));
    return (int) (value < 0 ? -multiple : multiple);
  }

  /** Offsets follow what rounding made of scales, so that the mean of a tile stays. */
  private void chooseLeast() {
    if (!codec.hasOffsets()) {
      return;
    }
    double largest = 0;
    for (int t = 0; t < tiles; t++) {
      if (fits && wanted[t] != 0 && scale > 0 && tile[t].ones > 0) {
        double moved = (double) scale * scaleCodes[t] - wanted[t];
        offsets[t] += moved * tile[t].sums / tile[t].ones;
      }
      offsets[t] = tiles == 1 ? offsets[t] : Math.max(0, offsets[t]);
      largest = Math.max(largest, Math.abs(offsets[t]) / codec.mostOffset());
    }
    if (tiles == 1) {
      least = BlockScales.halfLeast((float) offsets[0]);
      offsetCodes[0] = 1;
    } else {
      chooseLeast(largest);
    }
    if (least != 0 && scale == 0) {
      scale = BlockScales.half(Float.MIN_VALUE);
    }
  }

  private void chooseLeast(double largest) {
    least = BlockScales.halfLeast((float) largest);
    double leastError = Double.POSITIVE_INFINITY;
    float best = least;
    for (int i = 0; i < (fits ? CANDIDATES : 1) && least > 0; i++) {
      double share = 1 - i * (1 - LEAST_SHARE) / CANDIDATES;
      float candidate = BlockScales.halfLeast((float) (largest / share));
      double error = 0;
      for (int t = 0; t < tiles; t++) {
        double difference = candidate * offsetCode(offsets[t], candidate) - offsets[t];
        error += offsetWeight[t] * difference * difference;
      }
      if (error < leastError) {
        leastError = error;
        best = candidate;
      }
    }
    least = best;
    for (int t = 0; t < tiles; t++) {
      offsetCodes[t] = least > 0 ? offsetCode(offsets[t], least) : 0;
    }
  }

  private int offsetCode(double value, double unit) {
    return (int) Math.clamp(Math.rint(value / unit), 0, codec.mostOffset());
  }

  private double error(int t, int scaleCode, int offsetCode) {
    float ofTile = scale * Math.abs(scaleCode);
    return tile[t].error(scaleCode < 0 ? -ofTile : ofTile, least * offsetCode);
  }

  private double error() {
    double error = 0;
    for (int t = 0; t < tiles; t++) {
      error += error(t, scaleCodes[t], offsetCodes[t]);
    }
    return error;
  }

  /** Integers of tiles and what the block has in turn, each where the error is less. */
  private void refine() {
    double error = error();
    for (int pass = 0; pass < PASSES; pass++) {
      double before = error;
      error = fitBlock(error);
      if (codec.mostScale() > 1) {
        error = moveCodes();
      }
      if (!(error < before * (1 - 0x1p-10))) {
        return;
      }
    }
  }

  /** Scale and least value of the block by least squares for the levels at hand. */
  private double fitBlock(double before) {
    double scales = 0;
    double both = 0;
    double leasts = 0;
    double ofScale = 0;
    double ofLeast = 0;
    for (int t = 0; t < tiles; t++) {
      BlockTile at = tile[t];
      error(t, scaleCodes[t], offsetCodes[t]);
      double s = scaleCodes[t];
      double o = offsetCodes[t];
      scales += s * s * at.squares;
      both -= s * o * at.sums;
      leasts += o * o * at.ones;
      ofScale += s * at.products();
      ofLeast -= o * at.totals();
    }
    double determinant = scales * leasts - both * both;
    boolean isPair = determinant > 1e-9 * scales * leasts;
    double newScale = isPair ? (ofScale * leasts - ofLeast * both) / determinant : ofScale / scales;
    double newLeast = isPair ? (ofLeast * scales - ofScale * both) / determinant : least;
    if (!isPair) {
      newScale = (ofScale - both * newLeast) / scales;
    }
    if (newLeast < 0 && tiles > 1) {
      newLeast = 0;
      newScale = ofScale / scales;
    }
    if (!(newScale > 0) || newScale > Float.MAX_VALUE) {
      return before;
    }
    float oldScale = scale;
    float oldLeast = least;
    scale = BlockScales.half((float) newScale);
    least = codec.hasOffsets() ? BlockScales.halfLeast((float) newLeast) : 0;
    double after = error();
    if (after < before) {
      return after;
    }
    scale = oldScale;
    least = oldLeast;
    return before;
  }

  private double moveCodes() {
    double total = 0;
    for (int t = 0; t < tiles; t++) {
      int given = scaleCodes[t];
      int givenOffset = offsetCodes[t];
      double best = error(t, given, givenOffset);
      int most = mostScale(given);
      int reach = codec.mostOffset() > 0 ? REACH : 0;
      for (int move = -REACH; move <= REACH; move++) {
        int magnitude = Math.abs(given) + move;
        int code = given < 0 ? -magnitude : magnitude;
        for (int shift = -reach; shift <= reach; shift++) {
          int offset = givenOffset + shift;
          boolean isPossible =
              magnitude >= 1 && magnitude <= most && offset >= 0 && offset <= codec.mostOffset();
          if (isPossible && (move != 0 || shift != 0)) {
            double error = error(t, code, offset);
            if (error < best) {
              best = error;
              scaleCodes[t] = code;
              offsetCodes[t] = offset;
            }
          }
        }
      }
      total += best;
    }
    return total;
  }
}
