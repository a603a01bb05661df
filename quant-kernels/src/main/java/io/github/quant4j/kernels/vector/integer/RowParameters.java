// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernels.vector.Lanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.RowMultipleScaleCodec;
import io.github.quant4j.scheme.ScaleLayout;

/**
 * What belongs to a row and a segment of a matrix, arranged for lanes of rows: row {@code v L + i}
 * of {@code L} lanes lies in lane {@code i} of vector {@code v}, and all arrays are {@code
 * [vectors][segments][L]}, so that each row vector is one stream. Only scales may instead lie in
 * panels of some vectors each, {@code [panels][segments][vectors][L]}, for families that finish a
 * segment for all rows of a panel before they turn to the next segment.
 *
 * <p>Integers below 2^15 (zero points and multiples of row scales) lie in pairs: the lower half of
 * an int belongs to an even row vector, the upper half to the odd one after it.
 */
final class RowParameters {
  private static final float[] NO_FLOATS = {};
  private static final int[] NO_INTS = {};

  private final int segments;
  private final int segmentsInRun;
  private final int panelVectors;
  private final boolean rowMultiples;
  private final float[] scales;
  private final int[] zeros;
  private final int[] multiples;
  private final int[] codeSums;

  private RowParameters(
      int segments,
      int segmentsInRun,
      int panelVectors,
      boolean rowMultiples,
      float[] scales,
      int[] zeros,
      int[] multiples,
      int[] codeSums) {
    this.segments = segments;
    this.segmentsInRun = segmentsInRun;
    this.panelVectors = panelVectors;
    this.rowMultiples = rowMultiples;
    this.scales = scales;
    this.zeros = zeros;
    this.multiples = multiples;
    this.codeSums = codeSums;
  }

  /**
   * Arranges the parameters of a matrix.
   *
   * @param weights the matrix
   * @param arithmetic its arithmetic
   * @param layout its segments
   * @param paddedRows rows with padding, a multiple of two vectors
   * @param panelVectors row vectors whose scales of a segment lie together
   * @param activationZeros whether activations have zero points, so that code sums are needed
   * @param team the threads
   */
  static RowParameters of(
      WeightSource weights,
      IntegerArithmetic arithmetic,
      SegmentLayout layout,
      int paddedRows,
      int panelVectors,
      boolean activationZeros,
      WorkerTeam team) {
    boolean rowMultiples = arithmetic.hasRowMultiples();
    int segments = layout.segments();
    int single = Math.multiplyExact(paddedRows, segments);
    int paired = single / 2;
    RowParameters parameters =
        new RowParameters(
            segments,
            layout.segmentsInRun(),
            panelVectors,
            rowMultiples,
            weights.floats("scales", rowMultiples ? paddedRows : single),
            weights.ints("zeros", weights.hasZeros() ? paired : 0),
            weights.ints("multiples", rowMultiples ? paired : 0),
            weights.ints("code_sums", activationZeros ? single : 0));
    weights
        .matrix()
        .ifPresent(
            matrix ->
                parameters.arrange(
                    matrix,
                    arithmetic.weightCodes().factor(),
                    layout,
                    paddedRows / (2 * Lanes.FLOATS),
                    team));
    return parameters;
  }

  private void arrange(
      QuantizedMatrix weights, int factor, SegmentLayout layout, int pairs, WorkerTeam team) {
    Grid grid = weights.grid();
    ScaleLayout tiles = grid.layout();
    int lanes = Lanes.FLOATS;
    int rows = weights.rows();
    boolean asymmetric = zeros.length > 0;
    boolean activationZeros = codeSums.length > 0;
    int[] tileMultiples = rowMultiples ? RowMultipleScaleCodec.multiples(grid.scales()) : NO_INTS;
    float[] rowScales = rowMultiples ? RowMultipleScaleCodec.rowScales(grid.scales()) : NO_FLOATS;
    team.run(
        pairs,
        pair -> {
          byte[] codes = new byte[activationZeros ? layout.columns() : 0];
          for (int half = 0; half < 2; half++) {
            for (int lane = 0; lane < lanes; lane++) {
              int vector = 2 * pair + half;
              int row = vector * lanes + lane;
              if (row >= rows) {
                continue;
              }
              if (rowMultiples) {
                scales[row] = rowScales[row / tiles.blockRows()];
              }
              if (activationZeros) {
                weights.codes().unpackRow(row, codes, 0);
              }
              for (int s = 0; s < segments; s++) {
                int tile = tiles.index(row, s * layout.segmentLength());
                int single = (vector * segments + s) * lanes + lane;
                int paired = (pair * segments + s) * lanes + lane;
                if (rowMultiples) {
                  multiples[paired] |= (tileMultiples[tile] & 0xffff) << 16 * half;
                } else {
                  int panel = vector / panelVectors;
                  int inPanel = vector % panelVectors;
                  scales[((panel * segments + s) * panelVectors + inPanel) * lanes + lane] =
                      grid.scale(tile);
                }
                if (asymmetric) {
                  zeros[paired] |= ((int) grid.zeroPoint(tile) & 0xffff) << 16 * half;
                }
                if (activationZeros) {
                  codeSums[single] = factor * sum(codes, s * layout.segmentLength(), layout);
                }
              }
            }
          }
        });
  }

  private static int sum(byte[] codes, int from, SegmentLayout layout) {
    int sum = 0;
    for (int i = from; i < from + layout.segmentLength(); i++) {
      sum += codes[i] & 0xff;
    }
    return sum;
  }

  /** The size of all arrays. */
  long bytes() {
    return 4L * (scales.length + zeros.length + multiples.length + codeSums.length);
  }

  /** Whether there are neither zero points nor multiples of row scales. */
  boolean onlyScales() {
    return zeros.length == 0 && codeSums.length == 0 && !rowMultiples;
  }

  /** The scales, in panels unless they are multiples of row scales. */
  float[] scales() {
    return scales;
  }

  /** Whether scales are multiples of row scales, so that {@link #scale} needs pending sums. */
  boolean hasRowMultiples() {
    return rowMultiples;
  }

  /**
   * Sets the sums of a block to what is known before any product: the contributions of zero points.
   *
   * @param tile the tokens
   * @param row first row of the block
   * @param rows rows of the block
   * @param first the first segment
   * @param last the segment after the last one
   * @param sums set, {@code [last - first][tokens][rows]}
   */
  void fill(Tile tile, int row, int rows, int first, int last, int[] sums) {
    int tokens = tile.tokens;
    RowVectors.set(
        sums, tile.starts, tile.offset + first * tokens, tile.offset + last * tokens, rows);
    for (int t = 0; t < tokens; t++) {
      int at = tile.offset + t * segments;
      int to = t * rows;
      int step = tokens * rows;
      if (zeros.length > 0) {
        RowVectors.subtractPairs(
            sums,
            to,
            step,
            rows,
            zeros,
            row / 2 * segments,
            segments,
            tile.valueSums,
            at,
            first,
            last);
      }
      if (codeSums.length > 0) {
        RowVectors.subtract(
            sums, to, step, rows, codeSums, row * segments, segments, tile.zeros, at, first, last);
      }
    }
  }

  /**
   * Adds scaled sums to the outputs of a block.
   *
   * @param tile the tokens
   * @param row first row of the block
   * @param rows rows of the block
   * @param first the first segment
   * @param last the segment after the last one
   * @param sums the sums, {@code [last - first][tokens][rows]}
   * @param outputs added to, {@code [tokens][rows]}
   * @param pending sums of multiples of a run that is not at its end, {@code [tokens][rows]}; only
   *     used with row multiples
   */
  void scale(
      Tile tile,
      int row,
      int rows,
      int first,
      int last,
      int[] sums,
      float[] outputs,
      int[] pending) {
    for (int t = 0; t < tile.tokens; t++) {
      int from = t * rows;
      int step = tile.tokens * rows;
      int at = tile.offset + t * segments;
      for (int r = 0; r < rows; r += 2 * Lanes.FLOATS) {
        if (rowMultiples) {
          RowVectors.scaleMultiples(
              sums,
              from + r,
              step,
              multiples,
              (row + r) / 2 * segments,
              scales,
              row + r,
              tile.scales,
              at,
              first,
              last,
              segmentsInRun,
              outputs,
              pending,
              from + r);
        } else {
          RowVectors.scale(
              sums,
              from + r,
              step,
              scales,
              scaleAt(row + r),
              panelVectors == 1 ? segments * Lanes.FLOATS : Lanes.FLOATS,
              panelVectors * Lanes.FLOATS,
              tile.scales,
              at,
              first,
              last,
              outputs,
              from + r);
        }
      }
    }
  }

  /** The scales of the first segment of a row vector, and of the next one if that is odd. */
  private int scaleAt(int row) {
    int panelRows = panelVectors * Lanes.FLOATS;
    return row / panelRows * panelRows * segments + row % panelRows;
  }
}
