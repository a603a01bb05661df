// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;

/** The elements of one tile. */
final class TileValues {
  private TileValues() {}

  /** The weights of a tile, row by row. */
  static float[] of(FloatMatrix weights, ScaleLayout layout, int tile) {
    int top = tile / layout.scaleColumns() * layout.blockRows();
    int left = tile % layout.scaleColumns() * layout.blockColumns();
    int height = Math.min(layout.blockRows(), layout.rows() - top);
    int width = Math.min(layout.blockColumns(), layout.columns() - left);
    float[] values = new float[Math.multiplyExact(height, width)];
    for (int row = 0; row < height; row++) {
      System.arraycopy(
          weights.data(), (top + row) * layout.columns() + left, values, row * width, width);
    }
    return values;
  }

  /** The weights of a tile that count, row by row; a single zero if none does. */
  static float[] counting(FitTask task, ScaleLayout layout, int tile) {
    float[] values = of(task.weights(), layout, tile);
    if (task.removed().isEmpty()) {
      return values;
    }
    float[] kept = new float[values.length];
    int count = 0;
    for (int i = 0; i < values.length; i++) {
      if (!task.removed().get(position(layout, tile, i))) {
        kept[count++] = values[i];
      }
    }
    return Arrays.copyOf(kept, Math.max(1, count));
  }

  /** The importance of the elements that {@link #counting} gives. */
  static float[] countingImportance(
      float[] columnImportance, FitTask task, ScaleLayout layout, int tile, int count) {
    float[] result = new float[count];
    int left = tile % layout.scaleColumns() * layout.blockColumns();
    int width = Math.min(layout.blockColumns(), layout.columns() - left);
    int next = 0;
    for (int i = 0; next < count; i++) {
      if (task.removed().isEmpty() || !task.removed().get(position(layout, tile, i))) {
        result[next++] = columnImportance[left + i % width];
      }
    }
    return result;
  }

  /** Where an element of a tile lies in the matrix, row-major. */
  private static int position(ScaleLayout layout, int tile, int element) {
    int top = tile / layout.scaleColumns() * layout.blockRows();
    int left = tile % layout.scaleColumns() * layout.blockColumns();
    int width = Math.min(layout.blockColumns(), layout.columns() - left);
    return (top + element / width) * layout.columns() + left + element % width;
  }
}
