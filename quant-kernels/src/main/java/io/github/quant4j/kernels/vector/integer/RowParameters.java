// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.RowMultipleScaleCodec;
import io.github.quant4j.scheme.ScaleLayout;
import java.lang.foreign.MemorySegment;

/**
 * What belongs to a row and a segment of a matrix, arranged for lanes of rows: row {@code v L + i}
 * of {@code L} lanes lies in lane {@code i} of vector {@code v}, and all parts are {@code
 * [vectors][segments][L]}, so that each row vector is one stream. Only scales and zero points may
 * instead lie in panels of some vectors each, {@code [panels][segments][vectors][L]}, for families
 * that finish a segment for all rows of a panel before they turn to the next segment.
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
  private final MemorySegment scales;
  private final MemorySegment zeros;
  private final MemorySegment multiples;
  private final MemorySegment codeSums;

  private RowParameters(
      int segments,
      int segmentsInRun,
      int panelVectors,
      boolean rowMultiples,
      MemorySegment scales,
      MemorySegment zeros,
      MemorySegment multiples,
      MemorySegment codeSums) {
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
   * @param panelVectors row vectors whose scales of a segment lie together, 1 or even
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
    long single = (long) paddedRows * segments;
    long paired = single / 2;
    RowParameters parameters =
        new RowParameters(
            segments,
            layout.segmentsInRun(),
            panelVectors,
            rowMultiples,
            weights.part("scales", PackedMemory.FLOAT, rowMultiples ? paddedRows : single),
            weights.part("zeros", PackedMemory.INT, weights.hasZeros() ? paired : 0),
            weights.part("multiples", PackedMemory.INT, rowMultiples ? paired : 0),
            weights.part("code_sums", PackedMemory.INT, activationZeros ? single : 0));
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
    boolean asymmetric = hasZeros();
    boolean activationZeros = codeSums.byteSize() > 0;
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
                scales.setAtIndex(PackedMemory.FLOAT, row, rowScales[row / tiles.blockRows()]);
              }
              if (activationZeros) {
                weights.codes().unpackRow(row, codes, 0);
              }
              for (int s = 0; s < segments; s++) {
                int tile = tiles.index(row, s * layout.segmentLength());
                long single = ((long) vector * segments + s) * lanes + lane;
                long paired = 2 * (((long) pair * segments + s) * lanes + lane) + half;
                if (rowMultiples) {
                  multiples.setAtIndex(PackedMemory.SHORT, paired, (short) tileMultiples[tile]);
                } else {
                  long panel = vector / panelVectors;
                  int inPanel = vector % panelVectors;
                  long at = ((panel * segments + s) * panelVectors + inPanel) * lanes + lane;
                  scales.setAtIndex(PackedMemory.FLOAT, at, grid.scale(tile));
                }
                if (asymmetric) {
                  long at = zeroAt(vector * lanes) + s * zeroStep() + (long) lane * Integer.BYTES;
                  zeros.set(
                      PackedMemory.SHORT,
                      at + (long) half * Short.BYTES,
                      (short) grid.zeroPoint(tile));
                }
                if (activationZeros) {
                  int sum = factor * sum(codes, s * layout.segmentLength(), layout);
                  codeSums.setAtIndex(PackedMemory.INT, single, sum);
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
    return scales.byteSize() + zeros.byteSize() + multiples.byteSize() + codeSums.byteSize();
  }

  /** Whether there is nothing but scales and zero points of the weights. */
  boolean isPlain() {
    return codeSums.byteSize() == 0 && !rowMultiples;
  }

  /** The scales, in panels unless they are multiples of row scales. */
  MemorySegment scales() {
    return scales;
  }

  /** The scales of the first segment of a row vector. */
  long scaleAt(int row) {
    int panelRows = panelVectors * Lanes.FLOATS;
    return position((long) row / panelRows * panelRows * segments + row % panelRows);
  }

  /** From the scales of a segment to those of the next one. */
  long scaleStep() {
    return position((long) panelVectors * Lanes.FLOATS);
  }

  /** Whether weights have zero points. */
  boolean hasZeros() {
    return zeros.byteSize() > 0;
  }

  /** The zero points in pairs, in panels. */
  MemorySegment zeros() {
    return zeros;
  }

  /** The zero points of the first segment of a row vector and the next one, if that is odd. */
  long zeroAt(int row) {
    int panelRows = Math.max(2, panelVectors) * Lanes.FLOATS;
    int inPanel = row % panelRows / (2 * Lanes.FLOATS) * Lanes.FLOATS;
    return position(row / panelRows * panelRows / 2 * (long) segments + inPanel);
  }

  /** From the zero points of a segment to those of the next one. */
  long zeroStep() {
    return position((long) Math.max(2, panelVectors) / 2 * Lanes.FLOATS);
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
      if (hasZeros()) {
        for (int r = 0; r < rows; r += 2 * Lanes.FLOATS) {
          RowVectors.subtractPairs(
              sums,
              to + r,
              step,
              zeros,
              zeroAt(row + r) + first * zeroStep(),
              zeroStep(),
              tile.valueSums,
              at + first,
              last - first);
        }
      }
      if (codeSums.byteSize() > 0) {
        RowVectors.subtract(
            sums,
            to,
            step,
            rows,
            codeSums,
            position(row * (long) segments),
            segments,
            tile.zeros,
            at,
            first,
            last);
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
              position((row + r) / 2 * (long) segments),
              scales,
              position(row + r),
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
              position(panelVectors == 1 ? segments * Lanes.FLOATS : Lanes.FLOATS),
              scaleStep(),
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

  /** Where an element lies, in bytes. */
  private static long position(long index) {
    return index * Float.BYTES;
  }
}
