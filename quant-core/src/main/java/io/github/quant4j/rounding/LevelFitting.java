// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Fits the levels of code books to codes: for each tile the levels that minimise the output error,
 * as they can be stored. Tiles of a row go one after the other, each makes up for those before it.
 */
final class LevelFitting {
  private static final int ROWS_IN_SLAB = 1024;
  private static final double RIDGE = 1e-9;
  private static final double NOISE = 0x1p-22;

  private final RoundingTask task;
  private final float[] moment;
  private final ScaleLayout layout;
  private final byte[] codes;
  private final DType levelType;
  private final NumberFormat[] formats;
  private double errorBefore;

  /** The codes may change where levels change places. */
  LevelFitting(RoundingTask task, float[] moment, byte[] codes) {
    FormatPalette palette = task.grid().palette();
    this.task = task;
    this.moment = moment;
    this.layout = task.grid().layout();
    this.codes = codes;
    this.levelType = palette.levelType();
    this.formats = new NumberFormat[layout.count()];
    Arrays.setAll(formats, palette::format);
  }

  /** {@code tr(E H E^T)} before anything was fitted. */
  double errorBefore() {
    return errorBefore;
  }

  /** The grid with the best levels that were found. */
  Grid fit() {
    int bandRows = layout.blockRows();
    int rows = Math.max(1, ROWS_IN_SLAB / bandRows) * bandRows;
    for (int first = 0; first < layout.rows(); first += rows) {
      int count = Math.min(rows, layout.rows() - first);
      RefitSlab slab = new RefitSlab(task, moment, first, count, codes);
      double[] errors = slab.errors();
      errorBefore += Arrays.stream(errors).sum();
      task.compute()
          .team()
          .run(slab.bands(), band -> new Band(slab, band).fit(NOISE * errors[band]));
    }
    return new Grid(
        task.grid().scheme(),
        layout,
        FormatPalette.fitted(Arrays.asList(formats)),
        task.grid().scales(),
        task.grid().zeroPoints().orElse(null));
  }

  /** Rows that share code books, with gradients of their own. */
  private final class Band {
    final int firstRow;
    final double[][] gradients;

    Band(RefitSlab slab, int band) {
      int from = band * slab.bandRows;
      this.firstRow = slab.first + from;
      this.gradients = new double[Math.min(slab.bandRows, slab.rows - from)][slab.columns];
      for (int r = 0; r < gradients.length; r++) {
        for (int column = 0; column < slab.columns; column++) {
          gradients[r][column] = slab.gradient[column * slab.rows + from + r];
        }
      }
    }

    void fit(double least) {
      for (int from = 0; from < layout.columns(); from += layout.blockColumns()) {
        int to = Math.min(layout.columns(), from + layout.blockColumns());
        fitTile(from, to, least);
      }
    }

    int code(int row, int column) {
      return codes[(firstRow + row) * layout.columns() + column] & 0xff;
    }

    /** {@code indicators^T H indicators} and what the levels gain at first order. */
    void fitTile(int from, int to, double least) {
      int tile = layout.index(firstRow, from);
      float[] levels = formats[tile].levels();
      int size = levels.length;
      double scale = task.grid().scale(tile);
      double[] products = new double[size * size];
      double[] residual = new double[size];
      for (int r = 0; r < gradients.length; r++) {
        double[][] sums = new double[size][to - from];
        for (int k = from; k < to; k++) {
          addRow(k * layout.columns() + from, sums[code(r, k)]);
          residual[code(r, k)] -= scale * gradients[r][k];
        }
        for (int level = 0; level < size; level++) {
          for (int j = from; j < to; j++) {
            products[level * size + code(r, j)] += scale * scale * sums[level][j - from];
          }
        }
      }
      double[] step = residual.clone();
      if (!SmallCholesky.solve(products.clone(), step, RIDGE)) {
        return;
      }
      float[] changed = new float[size];
      double decrease = 0;
      for (int level = 0; level < size; level++) {
        changed[level] = stored(levels[level] + step[level]);
        step[level] = (double) changed[level] - levels[level];
      }
      for (int level = 0; level < size; level++) {
        double sum = 2 * residual[level];
        for (int other = 0; other < size; other++) {
          sum -= products[level * size + other] * step[other];
        }
        decrease += step[level] * sum;
      }
      int[] order = ascending(changed);
      if (decrease > least && order.length == size) {
        follow(step, scale, from, to);
        replace(tile, changed, order, from, to);
      }
    }

    /** New levels in ascending order, and codes that keep their values. */
    private void replace(int tile, float[] levels, int[] order, int from, int to) {
      float[] sorted = new float[levels.length];
      byte[] places = new byte[levels.length];
      for (int i = 0; i < order.length; i++) {
        sorted[i] = levels[order[i]];
        places[order[i]] = (byte) i;
      }
      for (int r = 0; r < gradients.length; r++) {
        int at = (firstRow + r) * layout.columns();
        for (int column = from; column < to; column++) {
          codes[at + column] = places[codes[at + column] & 0xff];
        }
      }
      formats[tile] = Codebook.of(sorted);
    }

    private void addRow(int at, double[] sums) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] += moment[at + j];
      }
    }

    private void follow(double[] step, double scale, int from, int to) {
      if (to - from == layout.columns()) {
        return;
      }
      for (int r = 0; r < gradients.length; r++) {
        for (int k = from; k < to; k++) {
          double change = scale * step[code(r, k)];
          int at = k * layout.columns();
          for (int j = 0; change != 0 && j < gradients[r].length; j++) {
            gradients[r][j] += change * moment[at + j];
          }
        }
      }
    }
  }

  /** Which level comes where in ascending order; nothing if two are equal. */
  private static int[] ascending(float[] levels) {
    int[] order =
        IntStream.range(0, levels.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> levels[i]))
            .mapToInt(i -> i)
            .toArray();
    for (int i = 1; i < order.length; i++) {
      if (!(levels[order[i]] > levels[order[i - 1]])) {
        return new int[0];
      }
    }
    return order;
  }

  /** A level as it will be stored; adding zero makes negative zero positive. */
  private float stored(double level) {
    float value = (float) level;
    return 0f
        + switch (levelType) {
          case F16 -> HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value));
          case BF16 -> HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(value));
          default -> value;
        };
  }
}
