// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.lane.ErrorLanes;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds for each tile the candidate range with the least rounding error, a sum over its elements.
 *
 * <p>Rows are lanes. Candidates that no lane can win with any more are dropped on the way.
 */
final class CandidateRangeChooser implements RangeChooser {
  private static final int LANES = 128;

  /** Columns between looks at whether a candidate can still win. */
  private static final int COLUMNS_BETWEEN_LOOKS = 16;

  private final FitTask task;
  private final NumberFormat format;
  private final LevelTable table;
  private final List<Shrink> candidates;
  private final TileError error;
  private final TileRanges full;

  CandidateRangeChooser(
      FitTask task,
      NumberFormat format,
      List<Shrink> candidates,
      TileRanges full,
      TileError error) {
    this.task = task;
    this.format = format;
    this.table = LevelTable.of(format);
    this.candidates = candidates;
    this.error = error;
    this.full = full;
  }

  /** Bands of rows: several tiles one above the other where each is a row, or one tile. */
  @Override
  public int[] best(@Nullable ScaleFrame frame) {
    ScaleLayout layout = full.layout;
    int[] best = new int[layout.count()];
    int bandRows = layout.isRowwise() ? LANES : layout.blockRows();
    int bands = Math.ceilDiv(layout.rows(), bandRows);
    task.compute()
        .team()
        .run(
            bands * layout.scaleColumns(),
            part -> {
              int first = part / layout.scaleColumns() * bandRows;
              int rows = Math.min(bandRows, layout.rows() - first);
              searchBand(frame, first, rows, part % layout.scaleColumns(), best);
            });
    return best;
  }

  private void searchBand(
      @Nullable ScaleFrame frame, int first, int rows, int tileColumn, int[] best) {
    double[] shared = new double[candidates.size()];
    for (int from = first; from < first + rows; from += LANES) {
      int count = Math.min(LANES, first + rows - from);
      TileLanes lanes =
          new TileLanes(
              task, full, format, table, frame, from, count, tileColumn);
      if (full.layout.isRowwise()) {
        searchRows(lanes, best);
      } else {
        addShared(lanes, shared);
      }
    }
    if (!full.layout.isRowwise()) {
      int tile = full.layout.index(first, tileColumn * full.layout.blockColumns());
      for (int c = 1; c < shared.length; c++) {
        best[tile] = shared[c] < shared[best[tile]] ? c : best[tile];
      }
    }
  }

  /** Each lane is a tile. */
  private void searchRows(TileLanes lanes, int[] best) {
    double[] least = new double[lanes.rows()];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    double[] errors = new double[lanes.rows()];
    for (int c = 0; c < candidates.size(); c++) {
      lanes.select(candidates.get(c));
      Arrays.fill(errors, 0);
      addErrors(lanes, errors, least);
      for (int r = 0; r < errors.length; r++) {
        if (errors[r] < least[r]) {
          least[r] = errors[r];
          best[lanes.tile(r)] = c;
        }
      }
    }
  }

  /** All lanes belong to one tile. */
  private void addShared(TileLanes lanes, double[] shared) {
    double[] errors = new double[lanes.rows()];
    for (int c = 0; c < candidates.size(); c++) {
      lanes.select(candidates.get(c));
      Arrays.fill(errors, 0);
      addErrors(lanes, errors, null);
      for (double value : errors) {
        shared[c] += value;
      }
    }
  }

  /** Adds the errors of all columns, or stops when no lane can come below its limit any more. */
  private void addErrors(TileLanes lanes, double[] errors, double @Nullable [] limits) {
    float[] column = new float[errors.length];
    float[] sums = new float[errors.length];
    for (int from = 0; from < lanes.width(); from += COLUMNS_BETWEEN_LOOKS) {
      int end = Math.min(lanes.width(), from + COLUMNS_BETWEEN_LOOKS);
      Arrays.fill(sums, 0);
      for (int c = from; c < end; c++) {
        lanes.errors(c, column);
        if (error.exponent() == 2) {
          ErrorLanes.addSquares(errors.length, error.weight(lanes.firstColumn() + c), column, sums);
        } else {
          addPowers(column, sums);
        }
      }
      boolean hopeless = limits != null;
      for (int r = 0; r < errors.length; r++) {
        errors[r] += sums[r];
        hopeless &= limits != null && errors[r] >= limits[r];
      }
      if (hopeless) {
        return;
      }
    }
  }

  private void addPowers(float[] column, float[] sums) {
    for (int r = 0; r < sums.length; r++) {
      sums[r] += (float) Math.pow(Math.abs(column[r]), error.exponent());
    }
  }
}
