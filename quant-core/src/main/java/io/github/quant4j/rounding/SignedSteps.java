// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;

/** Offsets of weights and factors of the ends of ranges of some rows, while they are learned. */
final class SignedSteps {
  /** How far offsets may go, unless they begin farther. */
  private static final float REACH = 0.5f;

  final float[] offsets;

  /** For each group of each row what the lower and the upper end of its range is multiplied by. */
  final double[] low;

  final double[] high;

  /** For each group of each row what follows from the factors. */
  final float[] scales;

  final float[] zeros;
  private final LearnedSlab slab;
  private final FittedScales fitted;
  private final Grid grid;
  private final IntegerFormat format;
  private final boolean clipsMove;
  private final boolean zerosMove;
  private final int width;
  private final int tiles;

  SignedSteps(LearnedSlab slab, FittedScales fitted) {
    ScaleLayout layout = slab.task.grid().layout();
    this.slab = slab;
    this.fitted = fitted;
    this.grid = slab.task.grid();
    this.format = (IntegerFormat) grid.palette().formats().getFirst();
    this.clipsMove = layout.isRowwise();
    this.zerosMove = fitted.zeroFormat != null;
    this.width = layout.blockColumns();
    this.tiles = layout.scaleColumns();
    this.offsets = new float[slab.rows * slab.columns];
    this.low = new double[slab.rows * tiles];
    this.high = new double[low.length];
    this.scales = new float[low.length];
    this.zeros = new float[low.length];
    Arrays.fill(low, 1);
    Arrays.fill(high, 1);
    slab.forRows(this::start);
  }

  /** The place of a tile in the grid. */
  private int place(int row, int tile) {
    return grid.layout().index(slab.first + row, tile * width);
  }

  private void start(int row) {
    for (int tile = 0; tile < tiles; tile++) {
      scales[row * tiles + tile] = grid.scale(place(row, tile));
      zeros[row * tiles + tile] = grid.zeroPoint(place(row, tile));
    }
    for (int column = 0; column < slab.columns; column++) {
      int tile = row * tiles + column / width;
      int i = slab.index(row, column);
      float start = (slab.weight(row, column) + slab.change[i]) / scales[tile] + zeros[tile];
      float chosen = (float) Math.rint(start);
      offsets[i] = firstOffset(slab.weight(row, column) / scales[tile] + zeros[tile], chosen);
    }
  }

  /** An offset at which a value becomes the chosen integer. */
  private float firstOffset(float value, float chosen) {
    if (rounded(value) == chosen) {
      return 0;
    }
    float near = Math.clamp(chosen - value, -REACH, REACH);
    return rounded(value + near) == chosen ? near : chosen - value;
  }

  private float rounded(float value) {
    return Math.clamp((float) Math.rint(value), format.minimum(), format.maximum());
  }

  /** What an element of a tile is before it is rounded. */
  private float value(int row, int column, int tile) {
    return slab.weight(row, column) / scales[tile] + zeros[tile] + offsets[slab.index(row, column)];
  }

  private boolean isInside(float value) {
    double nearest = Math.rint(value);
    return nearest >= format.minimum() && nearest <= format.maximum();
  }

  /** Half the derivative of the error for an offset. */
  double offsetGradient(int row, int column) {
    int tile = row * tiles + column / width;
    return isInside(value(row, column, tile))
        ? (double) slab.gradient[slab.index(row, column)] * scales[tile]
        : 0;
  }

  /** The lower end of a tile's range as the grid has it, not above zero. */
  private double lowEnd(int place) {
    return (double) grid.scale(place) * (format.minimum() - (double) grid.zeroPoint(place));
  }

  private double highEnd(int place) {
    return (double) grid.scale(place) * (format.maximum() - (double) grid.zeroPoint(place));
  }

  /** Half the derivatives of the error for the factors of a tile. */
  record ClipGradient(double low, double high) {}

  ClipGradient clipGradient(int row, int tileInRow) {
    int tile = row * tiles + tileInRow;
    int place = place(row, tileInRow);
    double scale = scales[tile];
    double zero = zeros[tile];
    // What the derivative for the scale is by the dependence of the zero point on it.
    double lowCode = zerosMove ? low[tile] * lowEnd(place) / scale : 0;
    double forScale = 0;
    double forLow = 0;
    int end = Math.min(slab.columns, (tileInRow + 1) * width);
    for (int column = tileInRow * width; column < end; column++) {
      double gradient = slab.gradient[slab.index(row, column)];
      float value = value(row, column, tile);
      double code = rounded(value) - zero;
      if (isInside(value)) {
        forScale += gradient * (code - slab.weight(row, column) / scale);
      } else {
        forScale += gradient * (code - lowCode);
        forLow += gradient;
      }
    }
    if (!zerosMove) {
      double both = forScale * grid.scale(place);
      return new ClipGradient(both, both);
    }
    double levels = format.maximum() - (double) format.minimum();
    return new ClipGradient(
        (forLow - forScale / levels) * lowEnd(place), forScale / levels * highEnd(place));
  }

  /** Errors that are too large to be counted have derivatives that are no numbers. */
  private static double sign(double gradient) {
    return gradient > 0 ? 1 : gradient < 0 ? -1 : 0;
  }

  /** Takes a step with everything of a row, and rounds it anew. */
  void step(int row, double rate) {
    for (int tileInRow = 0; tileInRow < tiles; tileInRow++) {
      int tile = row * tiles + tileInRow;
      int from = tileInRow * width;
      int end = Math.min(slab.columns, from + width);
      ClipGradient clips = clipsMove ? clipGradient(row, tileInRow) : new ClipGradient(0, 0);
      for (int column = from; column < end; column++) {
        int i = slab.index(row, column);
        float reach = Math.max(REACH, Math.abs(offsets[i]));
        float step = (float) (rate * sign(offsetGradient(row, column)));
        offsets[i] = Math.clamp(offsets[i] - step, -reach, reach);
      }
      low[tile] = Math.clamp(low[tile] - rate * sign(clips.low()), 0.0, 1.0);
      high[tile] = Math.clamp(high[tile] - rate * sign(clips.high()), 0.0, 1.0);
      updateScale(row, tileInRow);
      for (int column = from; column < end; column++) {
        float code = rounded(value(row, column, tile));
        slab.change[slab.index(row, column)] =
            (code - zeros[tile]) * scales[tile] - slab.weight(row, column);
      }
    }
  }

  private void updateScale(int row, int tileInRow) {
    int tile = row * tiles + tileInRow;
    int place = place(row, tileInRow);
    if (low[tile] == 1 && high[tile] == 1) {
      // A codec that rounds up would not give the same scale again.
      scales[tile] = grid.scale(place);
      zeros[tile] = grid.zeroPoint(place);
      return;
    }
    double least = low[tile] * lowEnd(place);
    double levels = format.maximum() - (double) format.minimum();
    double wanted =
        zerosMove ? (high[tile] * highEnd(place) - least) / levels : high[tile] * grid.scale(place);
    scales[tile] = fitted.frame.round(place, wanted);
    if (zerosMove) {
      double zero = Math.rint(format.minimum() - least / scales[tile]);
      zeros[tile] = (float) Math.clamp(zero, format.minimum(), format.maximum());
    }
  }

  /** Keeps codes, scales and zero points of a row if its error is the least yet. */
  void offer(int row) {
    if (!slab.isBest(row)) {
      return;
    }
    for (int column = 0; column < slab.columns; column++) {
      float code = rounded(value(row, column, row * tiles + column / width));
      slab.keep(row, column, (int) code + format.offset());
    }
    for (int tile = 0; clipsMove && tile < tiles; tile++) {
      fitted.scales[place(row, tile)] = scales[row * tiles + tile];
      fitted.zeros[place(row, tile)] = zeros[row * tiles + tile];
    }
  }
}
