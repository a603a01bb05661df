// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.BlockScaleCodec;
import java.util.List;

/**
 * The weights of one tile of a block and how much each counts: the error of scales and offsets, and
 * the best ones regardless of how they are stored. A negative scale turns the levels around.
 */
final class BlockTile {
  /** Least squares in turn with rounding: more rounds gain next to nothing. */
  private static final int ROUNDS = 3;

  private final boolean hasOffsets;
  private final boolean offsetsAnySign;
  private final boolean isSigned;
  private final boolean isInteger;
  private final double least;
  private final double most;
  private final LevelTable table;
  private final double[] weights;
  private final double[] importance;
  private final double[] levels;

  /** What {@link #search} has found. */
  double scale;

  /** What {@link #search} has found; 0 without offsets. */
  double offset;

  /** Sums over the levels of the last {@link #error}: of 1, of levels, and of their squares. */
  double ones;

  double sums;
  double squares;
  private double products;
  private double totals;

  BlockTile(BlockScaleCodec codec, LevelTable table) {
    NumberFormat element = codec.element();
    this.hasOffsets = codec.hasOffsets();
    this.offsetsAnySign = codec.tilesInBlock() == 1;
    this.isSigned = codec.isSigned();
    this.isInteger = element instanceof IntegerFormat;
    this.least = hasOffsets ? 0 : element.minimum();
    this.most = hasOffsets ? (1 << element.bits()) - 1 : element.maximum();
    this.table = table;
    this.weights = new double[codec.tileColumns()];
    this.importance = new double[weights.length];
    this.levels = new double[weights.length];
  }

  /** Takes a weight. */
  void put(int i, double weight, double counts) {
    weights[i] = weight;
    importance[i] = counts;
  }

  /** The weighted squared error of nearest rounding. */
  double error(double withScale, double withOffset) {
    double error = 0;
    ones = 0;
    sums = 0;
    squares = 0;
    products = 0;
    totals = 0;
    for (int i = 0; i < weights.length; i++) {
      double weight = weights[i];
      double counts = importance[i];
      double level = nearest((weight + withOffset) / withScale);
      double difference = withScale * level - withOffset - weight;
      levels[i] = level;
      error += counts * difference * difference;
      ones += counts;
      sums += counts * level;
      squares += counts * level * level;
      products += counts * level * weight;
      totals += counts * weight;
    }
    return error;
  }

  private double nearest(double value) {
    if (isInteger) {
      return Math.clamp(Math.rint(value), least, most);
    }
    return table.nearest((float) value);
  }

  /** {@code sum of importance * level * weight} of the last error. */
  double products() {
    return products;
  }

  /** {@code sum of importance * weight} of the last error. */
  double totals() {
    return totals;
  }

  /** Finds scale and offset. */
  void search(List<Shrink> candidates, boolean fits) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (double weight : weights) {
      low = Math.min(low, weight);
      high = Math.max(high, weight);
    }
    if (!(hasOffsets && offsetsAnySign)) {
      low = Math.min(low, 0);
      high = Math.max(high, 0);
    }
    Best best = new Best(fits);
    double middle = Math.clamp(0, low, high);
    for (Shrink candidate : candidates) {
      double from = middle + (low - middle) * candidate.low();
      double to = middle + (high - middle) * candidate.high();
      if (hasOffsets) {
        best.offer((to - from) / most, -from);
      } else {
        best.offer(covering(from, to), 0);
        if (isSigned) {
          best.offer(-covering(-to, -from), 0);
        }
      }
    }
    scale = best.scale;
    offset = best.offset;
  }

  private double covering(double from, double to) {
    return Math.max(from / least, to / most);
  }

  /** The best so far. */
  private final class Best {
    private final boolean fits;
    private double error = Double.POSITIVE_INFINITY;
    private double scale;
    private double offset;

    Best(boolean fits) {
      this.fits = fits;
    }

    void offer(double firstScale, double firstOffset) {
      double tried = firstScale;
      double triedOffset = firstOffset;
      if (tried == 0) {
        // All weights are alike: codes of 0 at any scale, or nothing at all.
        take(0, 0, triedOffset);
        return;
      }
      for (int round = 0; round <= (fits ? ROUNDS : 0); round++) {
        double found = error(tried, triedOffset);
        if (!(found < error) && round > 0) {
          return;
        }
        if (found < error) {
          take(found, tried, triedOffset);
        }
        double curvature = hasOffsets ? ones * squares - sums * sums : squares;
        if (!(curvature > 0)) {
          return;
        }
        double next =
            hasOffsets ? (ones * products - sums * totals) / curvature : products / curvature;
        triedOffset = hasOffsets ? (next * sums - totals) / ones : 0;
        if (triedOffset < 0 && !offsetsAnySign) {
          triedOffset = 0;
          next = products / squares;
        }
        if (!(next * tried > 0)) {
          return;
        }
        tried = next;
      }
    }

    private void take(double newError, double newScale, double newOffset) {
      if (newError < error) {
        error = newError;
        scale = newScale;
        offset = newOffset;
      }
    }
  }
}
