// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.lane.Lanes;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.GridStrip;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * Rounds columns block by block with error feedback.
 *
 * <p>Rows do not depend on each other, so they go in slabs that bound the memory. For a slab the
 * feedback is kept transposed, one row for each column of the weights, counted like the rows of the
 * reversed factor from the last in processing order to the first. Then the update of everything
 * still to come is one product of the factor's upper triangle and the block's errors.
 */
final class FeedbackSweep {
  private static final int ROWS_IN_SLAB = 2048;

  /**
   * Rows of a tile: a block of 128 columns of errors then takes 64 KiB, within a second-level
   * cache.
   */
  private static final int LANES = 128;

  private final RoundingTask task;
  private final float[] upper;
  private final int[] order;
  private final int block;
  private final int columns;
  private final @Nullable KeptWeights kept;

  FeedbackSweep(RoundingTask task, LdlFactorization factor, int[] order, int block) {
    this(task, factor, order, block, null);
  }

  /** With weights that are kept apart as they come up. */
  FeedbackSweep(
      RoundingTask task,
      LdlFactorization factor,
      int[] order,
      int block,
      @Nullable KeptWeights kept) {
    this.kept = kept;
    this.task = task;
    this.upper = factor.transposedFactor();
    this.order = order;
    this.block = block;
    this.columns = order.length;
  }

  /** Rows at hand with the feedback on their columns. */
  private final class Slab {
    final int first;
    final int rows;
    final float[] feedback;
    final float[] errors;

    Slab(int first) {
      this.first = first;
      this.rows = Math.min(ROWS_IN_SLAB, task.weights().rows() - first);
      this.feedback = new float[Math.multiplyExact(columns, rows)];
      this.errors = new float[Math.min(block, columns) * rows];
    }
  }

  byte[] staticGroups(byte @Nullable [] reuse) {
    byte[] codes = reuse == null ? new byte[task.weights().data().length] : reuse;
    for (int first = 0; first < task.weights().rows(); first += ROWS_IN_SLAB) {
      Slab slab = new Slab(first);
      for (int position = 0; position < columns; position += block) {
        int width = Math.min(block, columns - position);
        round(slab, position, width, new Part(task.grid(), first, 0), codes);
      }
    }
    return codes;
  }

  byte[] currentGroups(CurrentGroups groups, byte @Nullable [] reuse) {
    byte[] codes = reuse == null ? new byte[task.weights().data().length] : reuse;
    int size = groups.size();
    for (int first = 0; first < task.weights().rows(); first += ROWS_IN_SLAB) {
      Slab slab = new Slab(first);
      for (int start = 0; start < columns; start += size) {
        int end = Math.min(columns, start + size);
        Grid fitted = groups.fit(first, start, updated(slab, start, end));
        for (int position = start; position < end; position += block) {
          int width = Math.min(block, end - position);
          round(slab, position, width, new Part(fitted, 0, start), codes);
        }
      }
    }
    return codes;
  }

  /** A grid that begins at some row and column of the slab. */
  private record Part(Grid grid, int firstRow, int firstColumn) {}

  /** The weights of some columns with the feedback so far; columns are in their natural order. */
  private FloatMatrix updated(Slab slab, int from, int to) {
    FloatMatrix result = FloatMatrix.zeros(slab.rows, to - from);
    for (int column = from; column < to; column++) {
      int at = (columns - 1 - column) * slab.rows;
      for (int r = 0; r < slab.rows; r++) {
        float weight = task.weights().data()[(slab.first + r) * columns + column];
        result.put(r, column - from, weight - slab.feedback[at + r]);
      }
    }
    return result;
  }

  private void round(Slab slab, int position, int width, Part part, byte[] codes) {
    int low = columns - position - width;
    float[][] factors = new float[width][Lanes.padded(width)];
    for (int a = 0; a < width; a++) {
      int from = (low + a) * columns + low;
      System.arraycopy(upper, from + a + 1, factors[a], a + 1, width - a - 1);
    }
    task.compute()
        .team()
        .run(
            Math.ceilDiv(slab.rows, LANES),
            tile -> roundTile(slab, tile * LANES, low, factors, part, codes));
    task.compute()
        .multiplyAdd(
            1,
            new MatrixView(upper, low, low, width, columns),
            MatrixView.dense(slab.errors, width, slab.rows),
            MatrixView.dense(slab.feedback, low, slab.rows));
  }

  private void roundTile(Slab slab, int from, int low, float[][] factors, Part part, byte[] codes) {
    int width = factors.length;
    int lanes = Math.min(LANES, slab.rows - from);
    int[] tileColumns = new int[width];
    for (int a = 0; a < width; a++) {
      tileColumns[a] = order[columns - 1 - low - a];
    }
    WeightTile tile = new WeightTile(task.weights(), slab.first + from, lanes, tileColumns);
    GridStrip strip = new GridStrip(part.grid(), part.firstRow() + from, lanes);
    float[][] errors = new float[Lanes.padded(width)][lanes];
    float[] target = new float[lanes];
    float[] rounded = new float[lanes];
    for (int a = width - 1; a >= 0; a--) {
      System.arraycopy(slab.feedback, (low + a) * slab.rows + from, target, 0, lanes);
      for (int g = a / Lanes.GROUP * Lanes.GROUP; g < width; g += Lanes.GROUP) {
        Lanes.add4(lanes, factors[a], g, errors, g, target);
      }
      float[] weights = tile.weights(a);
      Lanes.subtract(lanes, weights, target, target);
      int gridColumn = tileColumns[a] - part.firstColumn();
      strip.round(gridColumn, target, rounded, tile.codes(a));
      if (kept != null) {
        kept.choose(
            strip,
            gridColumn,
            tileColumns[a],
            slab.first + from,
            target,
            rounded,
            tile.codes(a));
      }
      Lanes.subtract(lanes, rounded, weights, errors[a]);
      System.arraycopy(errors[a], 0, slab.errors, a * slab.rows + from, lanes);
    }
    tile.store(codes, 0);
  }
}
