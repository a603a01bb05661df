// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;

/** Scales and zero points while they are fitted to codes, as they can be stored. */
interface TileScales {

  /** The scale of a tile. */
  double scale(int tile);

  /** The zero point of a tile. */
  double zero(int tile);

  /**
   * Finds better scales for the tiles of a system.
   *
   * @param first the first of the tiles
   * @param least decrease that counts
   * @return by how much the error decreases
   */
  double fit(ScaleSystem system, int first, double least);

  /** The grid of scales and zero points as they are. */
  Grid fitted();
}
