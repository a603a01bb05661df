// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.scheme.ScaleLayout;

/** Brings the parameters of tiles into lanes, one for each row of a panel. */
final class PanelScales {
  private PanelScales() {}

  /** The value of each row at a column. */
  static void gather(
      ScaleLayout layout, float[] values, int firstRow, int rows, int column, float[] target) {
    int across = layout.scaleColumns();
    int height = layout.blockRows();
    int index = layout.index(firstRow, column);
    if (height == 1) {
      for (int i = 0; i < rows; i++, index += across) {
        target[i] = values[index];
      }
      return;
    }
    int inTile = firstRow % height;
    for (int i = 0; i < rows; i++) {
      target[i] = values[index];
      if (++inTile == height) {
        inTile = 0;
        index += across;
      }
    }
  }

  /** The value of each row at a column. */
  static void gather(
      ScaleLayout layout, int[] values, int firstRow, int rows, int column, int[] target) {
    int across = layout.scaleColumns();
    int height = layout.blockRows();
    int index = layout.index(firstRow, column);
    int inTile = firstRow % height;
    for (int i = 0; i < rows; i++) {
      target[i] = values[index];
      if (++inTile == height) {
        inTile = 0;
        index += across;
      }
    }
  }
}
