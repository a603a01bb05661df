// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;

/**
 * Bit planes of codes of up to 4 bits as indices into tables of sums of activations (T-MAC, Wei et
 * al., arXiv 2407.00088), exact and for vectors of 512 bits.
 *
 * <p>A plane's 16-bit word holds one bit of 16 consecutive codes of a row: two indices of 5 bits
 * and one of 6. The tables hold, in 16 bits, all sums of the activations that an index selects; a
 * permutation of 32 lanes looks up 32 rows at once, and one of two vectors takes the index of 6
 * bits. Tables of bytes with 4-bit indices, as on other machines, would have to be rounded, since a
 * sum of four 8-bit values has ten bits, or be looked up twice. Tables are not halved by symmetry:
 * that saves building time, which is small, and costs a conditional negation for each lookup.
 *
 * <p>The selection ignores index bits beyond the table, so neither the neighbouring indices nor
 * what a 32-bit shift lets in from the neighbouring row must be cleared (a 16-bit shift by a
 * constant is no single instruction in the compiler's tables).
 *
 * <p>Sums of a plane stay in 16 bits for a unit of at most 128 inputs; the first table of a unit
 * contains the bias that makes them positive. The planes are weighted and widened afterwards.
 */
final class PlaneLookup extends SegmentSums {
  /** Rows in a vector of 16-bit lanes; the tables' sizes depend on it. */
  static final int LANES = 32;

  /** Inputs of a word. */
  static final int WORD = 16;

  private static final int STREAMS = 4;

  /** Sums between the two steps, in shorts: half a first-level cache. */
  private static final int PARTIAL = 8192;

  private static final int MOST_WORDS_IN_UNIT = 8;
  private static final int POSITIVE_RANGE = 0x7fff;
  private static final int RANGE = 0xffff;

  private final int planes;
  private final int rowVectors;
  private final int quads;
  private final int wordsInStream;

  /** Bytes of a vector. Not a constant, see {@link NibbleLoops}. */
  private final long step;

  private final int wordsInUnit;
  private final int unitsInSegment;

  /** Whether a block is four streams, and a segment's sum, all planes together, fits 16 bits. */
  private final boolean scalesInRegisters;

  private final PlaneTables tables;
  private final MemorySegment packed;

  /**
   * Packs codes.
   *
   * @param weights codes of at most 4 bits
   * @param largestValue the largest magnitude of an activation value
   * @param layout segments, with a unit of {@link #WORD}
   * @param team the threads
   */
  PlaneLookup(WeightSource weights, int largestValue, SegmentLayout layout, WorkerTeam team) {
    super(layout, rowVectors(weights.bits()) * LANES);
    this.planes = weights.bits();
    this.rowVectors = rowVectors(planes);
    this.quads = rowVectors * planes / STREAMS;
    this.step = LANES * (long) Short.BYTES;
    this.wordsInStream = layout.paddedColumns() / WORD;
    this.wordsInUnit = wordsInUnit(layout.unitsInSegment(), largestValue, MOST_WORDS_IN_UNIT);
    this.unitsInSegment = layout.unitsInSegment() / wordsInUnit;
    this.scalesInRegisters =
        planes <= 2
            && unitsInSegment == 1
            && (long) ((1 << planes) - 1) * wordsInUnit * WORD * largestValue <= RANGE;
    this.tables = new PlaneTables(layout, (1 << planes) - 1, wordsInUnit);
    int blocks = Math.ceilDiv(weights.rows(), blockRows());
    this.packed =
        weights.part(
            "words",
            PackedMemory.SHORT,
            (long) blocks * rowVectors * planes * LANES * wordsInStream);
    weights
        .matrix()
        .ifPresent(matrix -> team.run(blocks * rowVectors, vector -> pack(matrix.codes(), vector)));
  }

  /**
   * Whether there are such vectors, and tables that do not overflow.
   *
   * @param bits bits of a code
   * @param largestValue the largest magnitude of an activation value
   */
  static boolean supports(int bits, int largestValue) {
    return Lanes.BITS == LANES * Short.SIZE
        && bits <= STREAMS
        && WORD * largestValue <= POSITIVE_RANGE;
  }

  /** Row vectors of a block, so that their planes are a multiple of four streams. */
  private static int rowVectors(int planes) {
    return switch (planes) {
      case 1, 3 -> 4;
      case 2 -> 2;
      default -> 1;
    };
  }

  /** The most words that divide a segment and keep a plane's sum in range. */
  static int wordsInUnit(int wordsInSegment, int largestValue, int limit) {
    int most = Math.min(limit, (POSITIVE_RANGE + 1) / (WORD * largestValue));
    int words = Math.min(most, wordsInSegment);
    while (wordsInSegment % words != 0) {
      words--;
    }
    return words;
  }

  private void pack(PackedCodes codes, int vector) {
    SegmentLayout layout = layout();
    byte[] row = new byte[layout.columns()];
    for (int i = 0; i < LANES; i++) {
      int index = vector * LANES + i;
      if (index >= codes.rows()) {
        return;
      }
      codes.unpackRow(index, row, 0);
      // The lower halves of 32-bit lanes are the first 16 rows, the upper halves the next ones.
      int lane = i % Lanes.FLOATS * 2 + i / Lanes.FLOATS;
      for (int column = 0; column < row.length; column++) {
        int at = layout.padded(column);
        for (int plane = 0; plane < planes; plane++) {
          long stream = (long) vector * planes + plane;
          long to = ((stream * wordsInStream + at / WORD) * LANES + lane) * Short.BYTES;
          int bit = (row[column] >> plane & 1) << at % WORD;
          packed.set(PackedMemory.SHORT, to, (short) (packed.get(PackedMemory.SHORT, to) | bit));
        }
      }
    }
  }

  /** What tables depend on. */
  private record OperandKind(int planes, int wordsInUnit) {}

  @Override
  Object operandKind() {
    return new OperandKind(planes, wordsInUnit);
  }

  @Override
  MemorySegment packed() {
    return packed;
  }

  @Override
  void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    tables.prepare(tile, values, offset, scratch);
  }

  @Override
  int pieces() {
    return tables.pieces();
  }

  @Override
  void preparePiece(Tile tile, int piece, int[] values, int offset, ScratchPool scratch) {
    tables.preparePiece(tile, piece, values, offset);
  }

  @Override
  int panelVectors() {
    return 2 * rowVectors;
  }

  @Override
  void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch) {
    int together = Math.min(tile.tokens, 2);
    int quadSize = quadSize(first, last, together);
    short[] partial = scratch.shorts(quads * quadSize);
    for (int token = 0; token < tile.tokens; token += together) {
      lookUp(tile, block, first, last, token, together, partial);
      for (int t = 0; t < together; t++) {
        for (int vector = 0; vector < rowVectors; vector++) {
          int row = vector * LANES;
          PlaneSums.add(
              partial,
              t * STREAMS * LANES,
              together * STREAMS * LANES,
              quadSize,
              vector * planes,
              planes,
              unitsInSegment,
              last - first,
              sums,
              (token + t) * blockRows() + row,
              tile.tokens * blockRows());
        }
      }
    }
    scratch.release(partial);
  }

  @Override
  boolean addScaled(
      Tile tile, int block, RowParameters parameters, float[] outputs, ScratchPool scratch) {
    if (tile.tokens == 1 && scalesInRegisters) {
      addScaled(tile, block, parameters, outputs);
      return true;
    }
    int segments = layout().segments();
    int together = Math.min(tile.tokens, 2);
    int slice = Math.clamp(PARTIAL / (quads * quadSize(0, 1, together)), 1, segments);
    short[] partial = scratch.shorts(quads * quadSize(0, slice, together));
    for (int token = 0; token < tile.tokens; token += together) {
      for (int first = 0; first < segments; first += slice) {
        int last = Math.min(segments, first + slice);
        lookUp(tile, block, first, last, token, together, partial);
        for (int t = 0; t < together; t++) {
          for (int vector = 0; vector < rowVectors; vector++) {
            PlaneSums.addScaled(
                partial,
                t * STREAMS * LANES,
                together * STREAMS * LANES,
                quadSize(first, last, together),
                vector * planes,
                planes,
                unitsInSegment,
                last - first,
                tile,
                tile.offset + first * tile.tokens + token + t,
                tile.offset + (token + t) * segments + first,
                parameters,
                block * blockRows() + vector * LANES,
                first,
                outputs,
                (token + t) * blockRows() + vector * LANES);
          }
        }
      }
    }
    scratch.release(partial);
    return true;
  }

  private void addScaled(Tile tile, int block, RowParameters parameters, float[] outputs) {
    long stride = wordsInStream * step;
    long at = (long) block * STREAMS * stride;
    int segments = layout().segments();
    int row = block * blockRows();
    boolean one = planes == 1;
    if (wordsInUnit == MOST_WORDS_IN_UNIT) {
      if (one) {
        OnePlaneLoops.words8(packed, at, stride, step, tile, segments, parameters, row, outputs);
      } else {
        TwoPlaneLoops.words8(packed, at, stride, step, tile, segments, parameters, row, outputs);
      }
    } else if (one) {
      OnePlaneLoops.words(
          packed, at, stride, step, tile, segments, wordsInUnit, parameters, row, outputs);
    } else {
      TwoPlaneLoops.words(
          packed, at, stride, step, tile, segments, wordsInUnit, parameters, row, outputs);
    }
  }

  /** Sums of a quad of streams for some segments and tokens. */
  private int quadSize(int first, int last, int tokens) {
    return (last - first) * unitsInSegment * tokens * STREAMS * LANES;
  }

  private void lookUp(
      Tile tile, int block, int first, int last, int token, int together, short[] partial) {
    int units = (last - first) * unitsInSegment;
    int firstWord = first * unitsInSegment * wordsInUnit;
    long stride = wordsInStream * step;
    int quadSize = quadSize(first, last, together);
    for (int quad = 0; quad < quads; quad++) {
      lookUp(
          ((long) block * quads + quad) * STREAMS * stride + firstWord * step,
          tile.tables,
          (token * wordsInStream + firstWord) * PlaneTables.SIZE,
          together,
          units,
          partial,
          quad * quadSize);
    }
  }

  private void lookUp(
      long at, short[] tables, int tablesAt, int tokens, int units, short[] partial, int to) {
    long stride = wordsInStream * step;
    int tokenStride = wordsInStream * PlaneTables.SIZE;
    boolean one = tokens == 1;
    switch (wordsInUnit) {
      case 8 -> {
        if (one) {
          LookupLoops.oneToken8(packed, at, stride, step, tables, tablesAt, units, partial, to);
        } else {
          LookupLoops2.twoTokens8(
              packed, at, stride, step, tables, tablesAt, tokenStride, units, partial, to);
        }
      }
      case 4 -> {
        if (one) {
          LookupLoops.oneToken4(packed, at, stride, step, tables, tablesAt, units, partial, to);
        } else {
          LookupLoops2.twoTokens4(
              packed, at, stride, step, tables, tablesAt, tokenStride, units, partial, to);
        }
      }
      default -> {
        if (one) {
          LookupLoops.oneToken(
              packed, at, stride, step, tables, tablesAt, units, wordsInUnit, partial, to);
        } else {
          LookupLoops2.twoTokens(
              packed,
              at,
              stride,
              step,
              tables,
              tablesAt,
              tokenStride,
              units,
              wordsInUnit,
              partial,
              to);
        }
      }
    }
  }

  @Override
  String name() {
    return planes + (planes == 1 ? " bit plane" : " bit planes") + " by table lookup";
  }
}
