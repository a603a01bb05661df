// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.lane.Lanes;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.matrix.GridStrip;
import io.github.quant4j.scheme.ScaleLayout;

/**
 * Some rows whose grid is fitted to their codes: levels of the codes, the change of the weights and
 * half the gradient of the output error for it, {@code E H}. Everything is stored by columns of the
 * weights, then by rows of the slab.
 *
 * <p>A slab has whole bands, which are the rows that share scales.
 */
final class RefitSlab {
  private static final int LANES = 128;
  private static final int COLUMNS_IN_TILE = 128;

  final RoundingTask task;
  final float[] moment;
  final int first;
  final int rows;
  final int columns;
  final int bandRows;
  final float[] levels;
  final float[] change;
  final float[] gradient;
  private final byte[] codes;

  RefitSlab(RoundingTask task, float[] moment, int first, int rows, byte[] codes) {
    ScaleLayout layout = task.grid().layout();
    this.task = task;
    this.moment = moment;
    this.first = first;
    this.rows = rows;
    this.columns = layout.columns();
    this.bandRows = layout.blockRows();
    this.codes = codes;
    int count = Math.multiplyExact(rows, columns);
    this.levels = new float[count];
    this.change = new float[count];
    this.gradient = new float[count];
    forLanes(this::load);
    addProduct(0, columns, 0, columns, change, 0, gradient);
  }

  private void load(int from, int lanes) {
    GridStrip strip = new GridStrip(task.grid(), first + from, lanes);
    float[] values = new float[lanes];
    for (int block = 0; block < columns; block += COLUMNS_IN_TILE) {
      int[] tileColumns = new int[Math.min(COLUMNS_IN_TILE, columns - block)];
      for (int c = 0; c < tileColumns.length; c++) {
        tileColumns[c] = block + c;
      }
      WeightTile tile = new WeightTile(task.weights(), first + from, lanes, tileColumns);
      tile.load(codes, 0);
      for (int c = 0; c < tileColumns.length; c++) {
        int at = (block + c) * rows + from;
        strip.levels(block + c, tile.codes(c), values);
        System.arraycopy(values, 0, levels, at, lanes);
        strip.decode(block + c, tile.codes(c), values);
        Lanes.subtract(lanes, values, tile.weights(c), values);
        System.arraycopy(values, 0, change, at, lanes);
      }
    }
  }

  /** Some rows of the slab. */
  interface LaneWork {
    void run(int from, int lanes);
  }

  /** Does work for all rows, with whole bands in each piece. */
  void forLanes(LaneWork work) {
    int lanes = bandRows * Math.max(1, LANES / bandRows);
    task.compute()
        .team()
        .run(
            Math.ceilDiv(rows, lanes),
            part -> work.run(part * lanes, Math.min(lanes, rows - part * lanes)));
  }

  /** The bands of the slab. */
  int bands() {
    return Math.ceilDiv(rows, bandRows);
  }

  /** {@code target += H[from..to, left..right] values}, with rows of values from a given one. */
  void addProduct(
      int from, int to, int left, int right, float[] values, int valuesFirst, float[] target) {
    task.compute()
        .multiplyAdd(
            1,
            new MatrixView(moment, from * columns + left, to - from, right - left, columns),
            new MatrixView(values, (left - valuesFirst) * rows, right - left, rows, rows),
            new MatrixView(target, from * rows, to - from, rows, rows));
  }

  /** {@code e H e^T} of each band. */
  double[] errors() {
    double[] errors = new double[bands()];
    forLanes(
        (from, lanes) -> {
          for (int column = 0; column < columns; column++) {
            int at = column * rows + from;
            for (int r = 0; r < lanes; r++) {
              errors[(from + r) / bandRows] += (double) change[at + r] * gradient[at + r];
            }
          }
        });
    return errors;
  }
}
