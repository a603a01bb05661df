// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.PlainLoops;

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

  /**
   * Adds the parameters of a tile, each times a number of its group, to a sum for each row.
   *
   * @param tile which tile
   * @param factors a number for each group
   * @param scratch of {@link TileProduct#CHUNK} times {@link WordTiles#ROWS} elements
   * @param sums {@link WordTiles#ROWS} sums, which are added to
   */
  void addProducts(int tile, float[] factors, float[] scratch, float[] sums) {
    for (int first = 0; first < groups(); first += TileProduct.CHUNK) {
      int count = Math.min(TileProduct.CHUNK, groups() - first);
      decode(tile, first, count, scratch, 0);
      for (int g = 0; g < count; g++) {
        PlainLoops.addProducts(
            WordTiles.ROWS, scratch, g * WordTiles.ROWS, factors[first + g], sums);
      }
    }
  }

  /**
   * The same in plain loops, to the last bit.
   *
   * @param tile which tile
   * @param factors a number for each group
   * @param stored for {@link WordTiles#ROWS} stored parameters
   * @param scratch of {@link TileProduct#CHUNK} times {@link WordTiles#ROWS} elements
   * @param sums {@link WordTiles#ROWS} sums, which are added to
   */
  void addProductsPlain(int tile, float[] factors, int[] stored, float[] scratch, float[] sums) {
    for (int group = 0; group < groups(); group++) {
      decodePlain(tile, group, stored, scratch, 0);
      PlainLoops.addProducts(WordTiles.ROWS, scratch, 0, factors[group], sums);
    }
  }
}
