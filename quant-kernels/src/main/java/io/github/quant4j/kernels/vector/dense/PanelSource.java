// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

/** Weights that can be decoded a panel at a time. */
@FunctionalInterface
public interface PanelSource {

  /**
   * Decodes a panel of {@link RegisterTile#WIDTH} rows.
   *
   * @param row the first row, a multiple of the width
   * @param column the first column, a multiple of {@link PanelProduct#DEPTH}
   * @param depth how many columns, at most {@link PanelProduct#DEPTH}
   * @param panel receives {@code [depth, WIDTH]} weights from position 0; rows beyond the matrix
   *     may be anything finite
   */
  void fill(int row, int column, int depth, float[] panel);
}
