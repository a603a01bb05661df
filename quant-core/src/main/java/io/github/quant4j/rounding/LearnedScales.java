// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;

/**
 * Scales of some rows while they are learned, as factors of those of a grid: scales are always such
 * as can be stored. Scales that rows share stay as they are, as rows are learned by themselves.
 */
final class LearnedScales {
  private final Grid grid;
  private final FittedScales fitted;
  private final int firstTile;
  private final int tilesInRow;
  private final boolean areLearned;

  /** Logarithms of the wanted factors, the factors themselves, and those of the best codes. */
  private final float[] wanted;

  private final float[] factors;
  private final float[] best;
  private final float[] gradients;
  private final AdamState state;

  LearnedScales(FittedScales fitted, int firstRow, int rows) {
    this.fitted = fitted;
    this.grid = fitted.grid;
    ScaleLayout layout = grid.layout();
    this.areLearned = layout.isRowwise();
    this.tilesInRow = layout.scaleColumns();
    this.firstTile = areLearned ? firstRow * tilesInRow : 0;
    int count = areLearned ? rows * tilesInRow : 0;
    this.wanted = new float[count];
    this.factors = new float[count];
    this.best = new float[count];
    this.gradients = new float[count];
    this.state = new AdamState(count);
    Arrays.fill(factors, 1);
    Arrays.fill(best, 1);
  }

  private int tile(int row, int column) {
    return row * tilesInRow + column / grid.layout().blockColumns();
  }

  /** What the scale of an element is multiplied by. */
  float factor(int row, int column) {
    return areLearned ? factors[tile(row, column)] : 1;
  }

  void nextIteration() {
    state.nextIteration();
  }

  void add(int row, int column, float gradient) {
    if (areLearned) {
      gradients[tile(row, column)] += gradient;
    }
  }

  /** Takes a step with what was added for a row. */
  void step(int row, float rate) {
    if (!areLearned) {
      return;
    }
    for (int tile = row * tilesInRow; tile < (row + 1) * tilesInRow; tile++) {
      wanted[tile] -= state.step(tile, gradients[tile], rate);
      gradients[tile] = 0;
      float scale = grid.scale(firstTile + tile);
      float stored = fitted.frame.round(firstTile + tile, scale * Math.exp(wanted[tile]));
      factors[tile] = stored / scale;
    }
  }

  /** The scales of a row belong to the best codes. */
  void keep(int row) {
    if (areLearned) {
      System.arraycopy(factors, row * tilesInRow, best, row * tilesInRow, tilesInRow);
    }
  }

  /** Takes over the scales of the best codes. */
  void store() {
    for (int tile = 0; tile < best.length; tile++) {
      fitted.scales[firstTile + tile] *= best[tile];
    }
  }
}
