// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

/**
 * A parameter (scale, zero point or offset) of every group of every row, rows in lanes, for {@link
 * WordTiles}. Nothing is rounded. Rows beyond the matrix are 0.
 */
abstract sealed class GroupTable permits ParameterTable, ProductTable {

  /**
   * Decodes the parameters of a tile for some groups.
   *
   * @param tile which tile
   * @param group the first group, a multiple of {@link TileProduct#CHUNK}
   * @param count how many, at most {@link TileProduct#CHUNK}
   * @param target receives {@code [count, ROWS]} parameters; with an odd count, anything for one
   *     group more
   * @param offset position of the first one
   */
  abstract void decode(int tile, int group, int count, float[] target, int offset);

  /**
   * Decodes the parameters of a tile for one group in plain loops.
   *
   * @param tile which tile
   * @param group which group
   * @param stored for {@link WordTiles#ROWS} stored parameters
   * @param target receives {@link WordTiles#ROWS} parameters
   * @param offset position of the first one
   */
  abstract void decodePlain(int tile, int group, int[] stored, float[] target, int offset);

  /**
   * Decodes the parameters of two vectors of rows for a group.
   *
   * @param tile which tile
   * @param group which group
   * @param vector the first vector
   * @param target receives the parameters
   * @param offset position of the first one
   */
  abstract void load(int tile, int group, int vector, float[] target, int offset);

  abstract int groups();
}
