// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import java.util.Arrays;

/**
 * Fits a code book to each tile: the levels that minimise {@code sum h_j (w - level)^2}, with the
 * diagonal of the second moment as weights if there is a usable one.
 *
 * <p>Levels are numbers of 16 bits: binary16 if the largest weight of the matrix lies in its range,
 * bfloat16 otherwise.
 */
final class CodebookFitting {
  private static final float SMALLEST_FOR_FLOAT16 = 0x1p-12f;

  /** Leaves room for levels behind the largest one. */
  private static final float LARGEST_FOR_FLOAT16 = 0x1p15f;

  private static final float LARGEST_FOR_BFLOAT16 = 0x1p126f;

  private CodebookFitting() {}

  static Grid fit(FitTask task, int size) {
    ScaleLayout layout = task.layout();
    Gram gram = FormatFitting.usable(task.gram());
    float[] columnImportance = gram == null ? ones(layout.columns()) : gram.diagonal();
    float largest = 0;
    for (float weight : task.weights().data()) {
      largest = Math.max(largest, Math.abs(weight));
    }
    boolean half = largest >= SMALLEST_FOR_FLOAT16 && largest <= LARGEST_FOR_FLOAT16;
    NumberFormat[] codebooks = new NumberFormat[layout.count()];
    task.compute()
        .team()
        .run(
            codebooks.length,
            tile -> {
              float[] values = TileValues.counting(task, layout, tile);
              float[] importance =
                  TileValues.countingImportance(
                      columnImportance, task, layout, tile, values.length);
              float[] levels = WeightedClusters.centers(values, importance, size);
              codebooks[tile] = Codebook.of(stored(levels, size, half));
            });
    return new Grid(
        task.scheme(),
        layout,
        FormatPalette.fitted(Arrays.asList(codebooks)),
        task.scheme()
            .scaleCodec()
            .encode(new double[layout.count()], layout, task.scheme().format()),
        null);
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 1f);
    return ones;
  }

  /** Levels as they are stored, strictly ascending; missing ones are put behind the largest. */
  private static float[] stored(float[] levels, int size, boolean half) {
    float[] result = new float[size];
    int count = 0;
    for (float level : levels) {
      // Adding zero makes negative zero positive.
      float value = rounded(level, half) + 0f;
      if (count == 0 || value > result[count - 1]) {
        result[count++] = value;
      }
    }
    for (; count < size; count++) {
      result[count] = above(result[count - 1], half);
    }
    return result;
  }

  private static float rounded(float value, boolean half) {
    return half
        ? HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value))
        : HalfPrecision.fromBfloat16(
            HalfPrecision.toBfloat16(
                Math.clamp(value, -LARGEST_FOR_BFLOAT16, LARGEST_FOR_BFLOAT16)));
  }

  /** The next larger number of 16 bits. */
  private static float above(float value, boolean half) {
    short bits = half ? HalfPrecision.toFloat16(value) : HalfPrecision.toBfloat16(value);
    // Negative numbers come closer to zero as their bits decrease; from zero on bits increase.
    int next = value < 0 ? bits - 1 : value == 0 ? 1 : bits + 1;
    return half
        ? HalfPrecision.fromFloat16((short) next)
        : HalfPrecision.fromBfloat16((short) next);
  }
}
