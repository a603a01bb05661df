// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;

/**
 * Packed weight codes and the exact integer sums that they give with a tile of activations: what
 * distinguishes the families of integer kernels.
 *
 * <p>Rows are handled in blocks. For row {@code n}, token {@code t} and segment {@code s} a family
 * adds {@code sum code_nk value_tk} to the sums, in any order and modulo 2^32; what the code's
 * values and zero points contribute beyond that is there already.
 */
abstract class SegmentSums {
  /** The most tokens in a tile. */
  static final int MOST_TOKENS = 4;

  private final SegmentLayout layout;
  private final int blockRows;

  /**
   * Sets the shape.
   *
   * @param layout segments and units
   * @param blockRows rows of a block
   */
  SegmentSums(SegmentLayout layout, int blockRows) {
    this.layout = layout;
    this.blockRows = blockRows;
  }

  /** Segments and units. */
  final SegmentLayout layout() {
    return layout;
  }

  /** Rows of a block, a multiple of twice the int lanes of a vector. */
  final int blockRows() {
    return blockRows;
  }

  /** Row vectors whose scales and zero points of a segment shall lie together, 1 or even. */
  int panelVectors() {
    return 1;
  }

  /**
   * What {@link #prepare} depends on, apart from the layout: families of equal kinds share tiles.
   */
  abstract Object operandKind();

  /**
   * Makes operands of quantized tokens.
   *
   * @param tile receives the operands; its tokens are set, its arrays of a value for each segment
   *     borrowed
   * @param values the values, {@code [tokens][paddedColumns]}, 0 in the padding
   * @param offset position of the first one, at least 1
   * @param scratch where the operands' memory comes from
   */
  abstract void prepare(Tile tile, int[] values, int offset, ScratchPool scratch);

  /**
   * Pieces of a tile's operands that {@link #preparePiece} makes, in any order and on any thread,
   * once {@link #prepare} has set the rest: as many as tables are worth sharing, or 0.
   */
  int pieces() {
    return 0;
  }

  /**
   * Makes one piece of the operands.
   *
   * @param tile a prepared tile
   * @param piece from 0 to the number of pieces less one
   * @param values the values that {@link #prepare} saw
   * @param offset position of the first one
   * @param scratch for intermediate results
   */
  void preparePiece(Tile tile, int piece, int[] values, int offset, ScratchPool scratch) {
    throw new AssertionError("no pieces");
  }

  /**
   * Adds the sums of some segments of a block of rows.
   *
   * @param tile prepared tokens
   * @param block which block
   * @param first the first segment
   * @param last the segment after the last one
   * @param sums added to, {@code [last - first][tokens][blockRows]}
   * @param scratch for intermediate results
   */
  abstract void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch);

  /**
   * Adds the scaled sums of all segments of a block of rows to the outputs, if a family can do that
   * without storing all sums in between. The parameters are plain.
   *
   * @param tile prepared tokens
   * @param block which block
   * @param parameters {@linkplain RowParameters#isPlain() scales and perhaps zero points}
   * @param outputs added to, {@code [tokens][blockRows]}
   * @param scratch for intermediate results
   * @return whether that was done
   */
  boolean addScaled(
      Tile tile, int block, RowParameters parameters, float[] outputs, ScratchPool scratch) {
    return false;
  }

  /** The packed codes. */
  abstract MemorySegment packed();

  /** For descriptions. */
  abstract String name();
}
