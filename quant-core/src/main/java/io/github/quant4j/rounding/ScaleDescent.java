// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.lane.Lanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.GridStrip;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Coordinate descent on scales and codes together: each tile of a row in turn tries scales and zero
 * points near its own, with its codes rounded anew in view of the errors of all other weights, and
 * keeps the best.
 *
 * <p>Where scales are coarse, such as powers of two, another scale only pays with other codes.
 * Cost: {@code out in^2} multiply-adds for the gradient, and {@code out in g / 2} for each
 * candidate with tiles of {@code g} inputs.
 */
final class ScaleDescent {
  private static final int ROWS_IN_SLAB = 2048;
  private static final double NOISE = 0x1p-22;

  /** So few candidates get a fair chance against codes that were improved for long. */
  private static final int FEW = 2;

  private static final int PASSES_OF_FEW = 3;

  private static final double[] FACTORS = {0.85, 0.93, 1.08, 1.17};

  /** For scales that are too coarse for the others. */
  private static final double[] COARSE_FACTORS = {0.5, 2};

  private final RoundingTask task;
  private final float[] moment;
  private final ScaleLayout layout;
  private final int columns;
  private final double added;

  ScaleDescent(RoundingTask task, float[] moment, double meanDiagonal) {
    this.task = task;
    this.moment = moment;
    this.layout = task.grid().layout();
    this.columns = layout.columns();
    this.added = DescentSweep.STEP_DAMPING * meanDiagonal;
  }

  /** Whether each tile can be tried by itself. */
  static boolean isPossible(Grid grid) {
    return grid.layout().isRowwise() && !grid.palette().isFitted();
  }

  /** The grid of the best scales; codes change with it. */
  Grid improve(byte[] codes) {
    if (task.grid().scheme().blocks().isPresent()) {
      return improveBlocks(codes);
    }
    byte[] given = codes.clone();
    FittedScales scales = FittedScales.of(task.grid(), /* zerosMove= */ true);
    run(candidates(scales), taker(scales), codes);
    if (!scales.areZerosStorable()) {
      System.arraycopy(given, 0, codes, 0, codes.length);
      scales = FittedScales.of(task.grid(), /* zerosMove= */ false);
      run(candidates(scales), taker(scales), codes);
    }
    return scales.fitted();
  }

  private Grid improveBlocks(byte[] codes) {
    FittedBlocks blocks = FittedBlocks.of(task.grid());
    List<FittedBlocks> neighbours = blocks.neighbours();
    run(
        neighbours.stream().map(FittedBlocks::fitted).toList(),
        (tile, _, index) -> blocks.take(tile, neighbours.get(index)),
        codes);
    return blocks.fitted();
  }

  /** Takes the scale and zero point of a tile from a candidate. */
  private interface Taker {
    void take(int tile, Grid candidate, int index);
  }

  private static Taker taker(FittedScales scales) {
    return (tile, candidate, _) -> {
      scales.scales[tile] = candidate.scale(tile);
      scales.zeros[tile] = candidate.zeroPoint(tile);
    };
  }

  /** Grids on which every tile has another scale or zero point. */
  private List<Grid> candidates(FittedScales start) {
    List<Grid> candidates = new ArrayList<>();
    for (double factor : FACTORS) {
      addScaled(factor, candidates);
    }
    if (candidates.isEmpty()) {
      for (double factor : COARSE_FACTORS) {
        addScaled(factor, candidates);
      }
    }
    IntegerFormat format = start.zeroFormat;
    for (int move = -1; format != null && move <= 1; move += 2) {
      FittedScales moved = FittedScales.of(task.grid(), /* zerosMove= */ true);
      for (int tile = 0; tile < moved.zeros.length; tile++) {
        moved.zeros[tile] =
            Math.clamp(moved.zeros[tile] + move, format.minimum(), format.maximum());
      }
      if (moved.areZerosStorable()) {
        candidates.add(moved.fitted());
      }
    }
    return candidates;
  }

  /**
   * Scales times a factor, unless they are coarse and come out as powers of two or as they were.
   */
  private void addScaled(double factor, List<Grid> candidates) {
    FittedScales scaled = FittedScales.of(task.grid(), /* zerosMove= */ false);
    boolean isCoarse = factor > 0.7 && factor < 1.4;
    boolean differs = false;
    for (int tile = 0; tile < scaled.scales.length; tile++) {
      double scale = scaled.scales[tile];
      scaled.scales[tile] = scaled.frame.round(tile, Math.min(factor * scale, Float.MAX_VALUE));
      double ratio = scaled.scales[tile] / scale;
      differs |= ratio != 1;
      isCoarse &= ratio == 1 || ratio <= 0.5 || ratio >= 2;
    }
    if (differs && !isCoarse) {
      candidates.add(scaled.fitted());
    }
  }

  private void run(List<Grid> candidates, Taker taker, byte[] codes) {
    for (int first = 0; first < layout.rows(); first += ROWS_IN_SLAB) {
      int rows = Math.min(ROWS_IN_SLAB, layout.rows() - first);
      RefitSlab slab = new RefitSlab(task, moment, first, rows, codes);
      double[] errors = slab.errors();
      float[] steps = new float[Math.min(columns, layout.blockColumns()) * rows];
      for (int from = 0; from < columns; from += layout.blockColumns()) {
        int to = Math.min(columns, from + layout.blockColumns());
        Tile tile = new Tile(slab, from, to, candidates, errors, steps);
        slab.forLanes((lane, lanes) -> tile.improve(lane, lanes, taker, codes));
        if (to < columns) {
          slab.addProduct(0, columns, from, to, steps, from, slab.gradient);
        }
      }
    }
  }

  /** One tile of each row of a slab. */
  private final class Tile {
    final RefitSlab slab;
    final int from;
    final int width;
    final int passes;
    final int[] tileColumns;
    final float[][] factors;
    final List<Grid> candidates;
    final double[] errors;
    final float[] steps;

    Tile(RefitSlab slab, int from, int to, List<Grid> candidates, double[] errors, float[] steps) {
      this.slab = slab;
      this.from = from;
      this.width = to - from;
      this.candidates = candidates;
      this.passes = candidates.size() <= FEW ? PASSES_OF_FEW : 1;
      this.errors = errors;
      this.steps = steps;
      this.tileColumns = new int[width];
      Arrays.setAll(tileColumns, c -> from + c);
      this.factors = new float[width][Lanes.padded(width)];
      for (int c = 0; c < width; c++) {
        System.arraycopy(moment, (from + c) * columns + from, factors[c], 0, width);
      }
    }

    /** Tries all candidates for some rows. */
    void improve(int lane, int lanes, Taker taker, byte[] codes) {
      WeightTile weights = new WeightTile(task.weights(), slab.first + lane, lanes, tileColumns);
      weights.load(codes, 0);
      double[] best = new double[lanes];
      int[] chosen = new int[lanes];
      Arrays.fill(chosen, -1);
      float[][] bestSteps = new float[width][lanes];
      int[][] tried = new int[width][lanes];
      float[][] triedSteps = new float[Lanes.padded(width)][lanes];
      for (int r = 0; r < lanes; r++) {
        best[r] = -NOISE * errors[lane + r];
      }
      for (int i = 0; i < candidates.size(); i++) {
        double[] change = sweep(candidates.get(i), lane, weights, triedSteps, tried);
        for (int r = 0; r < lanes; r++) {
          if (change[r] < best[r]) {
            best[r] = change[r];
            chosen[r] = i;
            for (int c = 0; c < width; c++) {
              bestSteps[c][r] = triedSteps[c][r];
              weights.codes(c)[r] = tried[c][r];
            }
          }
        }
      }
      weights.store(codes, 0);
      for (int c = 0; c < width; c++) {
        System.arraycopy(bestSteps[c], 0, steps, c * slab.rows + lane, lanes);
      }
      for (int r = 0; r < lanes; r++) {
        int tile = layout.index(slab.first + lane + r, from);
        if (chosen[r] >= 0) {
          taker.take(tile, candidates.get(chosen[r]), chosen[r]);
        }
      }
    }

    /** Rounds the tile's columns one after the other; gives the change of each row's error. */
    private double[] sweep(
        Grid grid, int lane, WeightTile weights, float[][] triedSteps, int[][] tried) {
      int lanes = weights.weights(0).length;
      GridStrip strip = new GridStrip(grid, slab.first + lane, lanes);
      double[] errorChange = new double[lanes];
      float[] gradient = new float[lanes];
      float[] target = new float[lanes];
      float[] value = new float[lanes];
      for (float[] step : triedSteps) {
        Arrays.fill(step, 0);
      }
      for (int i = 0; i < passes * width; i++) {
        int c = i % width;
        int at = (from + c) * slab.rows + lane;
        System.arraycopy(slab.gradient, at, gradient, 0, lanes);
        for (int g = 0; g < (passes == 1 ? c : width); g += Lanes.GROUP) {
          Lanes.add4(lanes, factors[c], g, triedSteps, g, gradient);
        }
        float[] step = triedSteps[c];
        float diagonal = moment[(from + c) * columns + from + c];
        float factor = diagonal > 0 ? (float) (1 / (diagonal + added)) : 0;
        float[] original = weights.weights(c);
        for (int r = 0; r < lanes; r++) {
          target[r] = original[r] + slab.change[at + r] + step[r] - gradient[r] * factor;
        }
        strip.round(from + c, target, value, tried[c]);
        for (int r = 0; r < lanes; r++) {
          float whole = value[r] - original[r] - slab.change[at + r];
          float part = whole - step[r];
          step[r] = whole;
          errorChange[r] += part * (2.0 * gradient[r] + (double) diagonal * part);
        }
      }
      return errorChange;
    }
  }
}
