// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.lane.Lanes;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.matrix.GridStrip;
import io.github.quant4j.statistic.Gram;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Sweeps of coordinate descent, block by block.
 *
 * <p>For a slab of rows the change of the weights {@code E} and the gradient {@code G = E H} are
 * kept transposed. A column's best value is {@code w + e - g / h} with {@code h} on the diagonal of
 * H. Inside a block the gradient follows each step; after it, one matrix product brings the whole
 * gradient up to date, so that a sweep costs one product with H.
 */
final class DescentSweep {
  private static final int ROWS_IN_SLAB = 2048;
  private static final int LANES = 128;
  private static final int BLOCK = 128;

  /**
   * What is added to the diagonal in steps, relative to its mean. A step then minimises the error
   * plus a small multiple of its own square, which cannot raise the error, and inputs that were
   * almost always zero do not take steps as large as rounding errors make them.
   */
  static final double STEP_DAMPING = 0x1p-20;

  private final RoundingTask task;
  private final float[] moment;
  private final int[] order;
  private final int columns;
  private final double added;
  private double errorBefore;
  private double errorAfter;
  private int improvedRows;

  DescentSweep(RoundingTask task, Gram gram, int[] order, double meanDiagonal) {
    this.task = task;
    this.moment = gram.values();
    this.order = order;
    this.columns = order.length;
    this.added = STEP_DAMPING * meanDiagonal;
  }

  double errorBefore() {
    return errorBefore;
  }

  double errorAfter() {
    return errorAfter;
  }

  int improvedRows() {
    return improvedRows;
  }

  /** Rows at hand: everything is stored by columns of the weights, then by rows of the slab. */
  private final class Slab {
    final int first;
    final int rows;
    final float[] change;
    final float[] gradient;
    final float[] steps;
    final byte[] codes;

    Slab(int first, byte[] start) {
      this.first = first;
      this.rows = Math.min(ROWS_IN_SLAB, task.weights().rows() - first);
      this.change = new float[Math.multiplyExact(columns, rows)];
      this.gradient = new float[columns * rows];
      this.steps = new float[Math.min(BLOCK, columns) * rows];
      this.codes = Arrays.copyOfRange(start, first * columns, (first + rows) * columns);
    }
  }

  /** Improves codes in place. */
  void run(byte[] codes, int sweeps, IntPredicate leavesGrid) {
    float[] panel = new float[columns * Math.min(BLOCK, columns)];
    for (int first = 0; first < task.weights().rows(); first += ROWS_IN_SLAB) {
      Slab slab = new Slab(first, codes);
      start(slab);
      System.arraycopy(slab.codes, 0, codes, first * columns, slab.codes.length);
      double[] best = errors(slab);
      boolean[] improved = new boolean[slab.rows];
      for (double error : best) {
        errorBefore += error;
      }
      for (int sweep = 0; sweep < sweeps; sweep++) {
        boolean free = leavesGrid.test(sweep);
        for (int from = 0; from < columns; from += BLOCK) {
          sweepBlock(slab, from, Math.min(BLOCK, columns - from), free, panel);
        }
        if (!free) {
          keepBest(slab, best, improved, codes);
        }
      }
      for (int r = 0; r < slab.rows; r++) {
        errorAfter += best[r];
        improvedRows += improved[r] ? 1 : 0;
      }
    }
  }

  private void keepBest(Slab slab, double[] best, boolean[] improved, byte[] codes) {
    double[] now = errors(slab);
    for (int r = 0; r < slab.rows; r++) {
      if (now[r] < best[r]) {
        best[r] = now[r];
        improved[r] = true;
        System.arraycopy(slab.codes, r * columns, codes, (slab.first + r) * columns, columns);
      }
    }
  }

  /**
   * The change of the weights, from the codes, and its gradient. Dead columns are set to nearest.
   */
  private void start(Slab slab) {
    forTiles(
        slab,
        (from, lanes) -> {
          GridStrip strip = new GridStrip(task.grid(), slab.first + from, lanes);
          float[] values = new float[lanes];
          for (int block = 0; block < columns; block += BLOCK) {
            int[] tileColumns = tileColumns(block, Math.min(BLOCK, columns - block));
            WeightTile tile = new WeightTile(task.weights(), slab.first + from, lanes, tileColumns);
            tile.load(slab.codes, slab.first);
            for (int c = 0; c < tileColumns.length; c++) {
              int column = tileColumns[c];
              if (isDead(column)) {
                strip.round(column, tile.weights(c), values, tile.codes(c));
              } else {
                strip.decode(column, tile.codes(c), values);
              }
              Lanes.subtract(lanes, values, tile.weights(c), values);
              System.arraycopy(values, 0, slab.change, column * slab.rows + from, lanes);
            }
            tile.store(slab.codes, slab.first);
          }
        });
    addProduct(slab, MatrixView.dense(moment, columns, columns), slab.change);
  }

  private boolean isDead(int column) {
    return !(moment[column * columns + column] > 0);
  }

  private int[] tileColumns(int from, int width) {
    return Arrays.copyOfRange(order, from, from + width);
  }

  /** Gradient += A B with A [columns, depth] and B [depth, rows]. */
  private void addProduct(Slab slab, MatrixView a, float[] b) {
    task.compute()
        .multiplyAdd(
            1,
            a,
            MatrixView.dense(b, /* rows= */ a.columns(), /* columns= */ slab.rows),
            MatrixView.dense(slab.gradient, /* rows= */ columns, /* columns= */ slab.rows));
  }

  private interface TileWork {
    void run(int from, int lanes);
  }

  private void forTiles(Slab slab, TileWork work) {
    task.compute()
        .team()
        .run(
            Math.ceilDiv(slab.rows, LANES),
            tile -> work.run(tile * LANES, Math.min(LANES, slab.rows - tile * LANES)));
  }

  private void sweepBlock(Slab slab, int from, int width, boolean free, float[] panel) {
    int[] blockColumns = tileColumns(from, width);
    float[][] factors = new float[width][Lanes.padded(width)];
    for (int c = 0; c < width; c++) {
      for (int k = 0; k < c; k++) {
        factors[c][k] = moment[blockColumns[c] * columns + blockColumns[k]];
      }
    }
    forTiles(slab, (at, lanes) -> sweepTile(slab, at, lanes, blockColumns, factors, free));
    if (isNatural(blockColumns)) {
      addProduct(
          slab, new MatrixView(moment, blockColumns[0], columns, width, columns), slab.steps);
      return;
    }
    for (int i = 0; i < columns; i++) {
      for (int k = 0; k < width; k++) {
        panel[i * width + k] = moment[i * columns + blockColumns[k]];
      }
    }
    addProduct(slab, MatrixView.dense(panel, columns, width), slab.steps);
  }

  private static boolean isNatural(int[] columns) {
    for (int k = 1; k < columns.length; k++) {
      if (columns[k] != columns[k - 1] + 1) {
        return false;
      }
    }
    return true;
  }

  private void sweepTile(
      Slab slab, int from, int lanes, int[] blockColumns, float[][] factors, boolean free) {
    int width = blockColumns.length;
    WeightTile tile = new WeightTile(task.weights(), slab.first + from, lanes, blockColumns);
    GridStrip strip = new GridStrip(task.grid(), slab.first + from, lanes);
    float[][] steps = new float[Lanes.padded(width)][lanes];
    float[] gradient = new float[lanes];
    float[] change = new float[lanes];
    float[] target = new float[lanes];
    float[] value = new float[lanes];
    for (int c = 0; c < width; c++) {
      int column = blockColumns[c];
      if (isDead(column)) {
        tile.loadColumn(c, slab.codes, slab.first);
        System.arraycopy(steps[c], 0, slab.steps, c * slab.rows + from, lanes);
        continue;
      }
      int at = column * slab.rows + from;
      System.arraycopy(slab.gradient, at, gradient, 0, lanes);
      System.arraycopy(slab.change, at, change, 0, lanes);
      for (int g = 0; g < c; g += Lanes.GROUP) {
        Lanes.add4(lanes, factors[c], g, steps, g, gradient);
      }
      float factor = (float) (1 / (moment[column * columns + column] + added));
      float[] weights = tile.weights(c);
      best(lanes, weights, change, gradient, factor, target);
      float[] chosen = target;
      if (!free) {
        strip.round(column, target, value, tile.codes(c));
        chosen = value;
      }
      step(lanes, chosen, weights, change, steps[c]);
      System.arraycopy(change, 0, slab.change, at, lanes);
      System.arraycopy(steps[c], 0, slab.steps, c * slab.rows + from, lanes);
    }
    if (!free) {
      tile.store(slab.codes, slab.first);
    }
  }

  private static void best(
      int count, float[] weights, float[] change, float[] gradient, float factor, float[] target) {
    for (int r = 0; r < count; r++) {
      target[r] = weights[r] + change[r] - gradient[r] * factor;
    }
  }

  /** The step from the old change to the new one, which replaces it. */
  private static void step(
      int count, float[] chosen, float[] weights, float[] change, float[] step) {
    for (int r = 0; r < count; r++) {
      float next = chosen[r] - weights[r];
      step[r] = next - change[r];
      change[r] = next;
    }
  }

  /** {@code e H e^T} of each row. */
  private double[] errors(Slab slab) {
    double[] errors = new double[slab.rows];
    forTiles(
        slab,
        (from, lanes) -> {
          for (int column = 0; column < columns; column++) {
            int at = column * slab.rows + from;
            for (int r = 0; r < lanes; r++) {
              errors[from + r] += (double) slab.change[at + r] * slab.gradient[at + r];
            }
          }
        });
    return errors;
  }
}
