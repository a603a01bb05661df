// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.FloatMatrix;

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

  /** The weight that each element of a tile has in its error, in the order of {@link #of}. */
  static float[] importance(float[] columnImportance, ScaleLayout layout, int tile, int count) {
    int left = tile % layout.scaleColumns() * layout.blockColumns();
    int width = Math.min(layout.blockColumns(), layout.columns() - left);
    float[] result = new float[count];
    for (int i = 0; i < count; i++) {
      result[i] = columnImportance[left + i % width];
    }
    return result;
  }
}
