// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds for each tile the candidate range with the least error of the tile's part of the output,
 * {@code e H_gg e^T} with the block of the moment that belongs to the tile's inputs.
 *
 * <p>For a slab of rows the errors of a candidate are one matrix, and its product with the block
 * gives the output errors of all its tiles. Cost: {@code out in g} multiply-adds for each
 * candidate.
 */
final class BlockErrorRangeChooser implements RangeChooser {
  private static final int ROWS_IN_SLAB = 1024;
  private static final int LANES = 128;

  private final FitTask task;
  private final NumberFormat format;
  private final LevelTable table;
  private final List<Shrink> candidates;
  private final TileRanges full;
  private final Gram gram;

  BlockErrorRangeChooser(
      FitTask task, NumberFormat format, List<Shrink> candidates, TileRanges full, Gram gram) {
    this.task = task;
    this.format = format;
    this.table = LevelTable.of(format);
    this.candidates = candidates;
    this.full = full;
    this.gram = gram;
  }

  @Override
  public int[] best(@Nullable ScaleFrame frame) {
    ScaleLayout layout = full.layout;
    int[] best = new int[layout.count()];
    for (int tileColumn = 0; tileColumn < layout.scaleColumns(); tileColumn++) {
      int from = tileColumn * layout.blockColumns();
      int to = Math.min(layout.columns(), from + layout.blockColumns());
      float[] block = gram.block(from, to).values();
      double[][] errors = new double[layout.scaleRows()][candidates.size()];
      for (int first = 0; first < layout.rows(); first += ROWS_IN_SLAB) {
        addSlab(frame, first, tileColumn, block, errors);
      }
      for (int row = 0; row < errors.length; row++) {
        int chosen = 0;
        for (int c = 1; c < candidates.size(); c++) {
          chosen = errors[row][c] < errors[row][chosen] ? c : chosen;
        }
        best[row * layout.scaleColumns() + tileColumn] = chosen;
      }
    }
    return best;
  }

  private void addSlab(
      @Nullable ScaleFrame frame, int first, int tileColumn, float[] block, double[][] errors) {
    ScaleLayout layout = full.layout;
    int rows = Math.min(ROWS_IN_SLAB, layout.rows() - first);
    TileLanes[] strips = new TileLanes[Math.ceilDiv(rows, LANES)];
    task.compute()
        .team()
        .run(
            strips.length,
            i ->
                strips[i] =
                    new TileLanes(
                        task,
                        full,
                        format,
                        table,
                        frame,
                        first + i * LANES,
                        Math.min(LANES, rows - i * LANES),
                        tileColumn));
    int width = strips[0].width();
    float[] change = new float[width * rows];
    float[] product = new float[width * rows];
    for (int c = 0; c < candidates.size(); c++) {
      Shrink candidate = candidates.get(c);
      task.compute()
          .team()
          .run(strips.length, i -> fill(strips[i], candidate, change, i * LANES, rows));
      Arrays.fill(product, 0);
      task.compute()
          .multiplyAdd(
              1,
              MatrixView.dense(block, width, width),
              MatrixView.dense(change, width, rows),
              MatrixView.dense(product, width, rows));
      for (int k = 0; k < width; k++) {
        for (int r = 0; r < rows; r++) {
          double error = (double) change[k * rows + r] * product[k * rows + r];
          errors[(first + r) / layout.blockRows()][c] += error;
        }
      }
    }
  }

  private static void fill(TileLanes strip, Shrink candidate, float[] change, int from, int rows) {
    strip.select(candidate);
    float[] errors = new float[strip.rows()];
    for (int k = 0; k < strip.width(); k++) {
      strip.errors(k, errors);
      System.arraycopy(errors, 0, change, k * rows + from, errors.length);
    }
  }
}
