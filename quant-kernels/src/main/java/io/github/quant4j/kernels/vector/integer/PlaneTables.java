// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** The tables of {@link PlaneLookup} for a tile of tokens. */
final class PlaneTables {
  private static final int LANES = PlaneLookup.LANES;
  private static final int WORD = PlaneLookup.WORD;

  /** Entries of all tables of a word. */
  static final int SIZE = 4 * LANES;

  private static final int FIRST_INDEX_BITS = 5;

  /** Words of a token whose tables are made together: 8 KB of them, a microsecond. */
  private static final int WORDS_IN_PIECE = 32;

  /** For each bit of an index, which entries of a table have it: zeros and ones in all bits. */
  private static final short[] ENTRIES = entries();

  private final SegmentLayout layout;
  private final int weight;
  private final int wordsInUnit;
  private final int unitsInSegment;
  private final int words;
  private final int units;

  /**
   * Sets the shape.
   *
   * @param layout segments, with a unit of a word
   * @param weight what the sums of all planes count together, {@code 2^n - 1} for {@code n} bits
   * @param wordsInUnit words that are summed in 16 bits
   */
  PlaneTables(SegmentLayout layout, int weight, int wordsInUnit) {
    this.layout = layout;
    this.weight = weight;
    this.wordsInUnit = wordsInUnit;
    this.unitsInSegment = layout.unitsInSegment() / wordsInUnit;
    this.words = layout.paddedColumns() / WORD;
    this.units = words / wordsInUnit;
  }

  private static short[] entries() {
    short[] entries = new short[FIRST_INDEX_BITS * LANES];
    for (int bit = 0; bit < FIRST_INDEX_BITS; bit++) {
      for (int entry = 0; entry < LANES; entry++) {
        entries[bit * LANES + entry] = (short) -(entry >> bit & 1);
      }
    }
    return entries;
  }

  /**
   * Borrows tables {@code [tokens][words][4][LANES]} and computes the biases of units as operands,
   * a line for a token.
   */
  void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    int unit = wordsInUnit * WORD;
    int[] biases = scratch.ints(tile.tokens * units);
    for (int t = 0; t < tile.tokens; t++) {
      int at = offset + t * layout.paddedColumns();
      for (int s = 0; s < layout.segments(); s++) {
        int sum = 0;
        for (int u = s * unitsInSegment; u < (s + 1) * unitsInSegment; u++) {
          int bias = negativePart(values, at + u * unit, unit);
          biases[t * units + u] = bias;
          sum += bias;
        }
        tile.starts[tile.offset + s * tile.tokens + t] = -sum * weight;
      }
    }
    tile.operands = biases;
    tile.tables = scratch.shorts(tile.tokens * words * SIZE);
  }

  /** How many pieces the tables have. */
  int pieces() {
    return Math.ceilDiv(units, unitsInPiece());
  }

  private int unitsInPiece() {
    return Math.max(1, WORDS_IN_PIECE / wordsInUnit);
  }

  /** Makes the tables of some units of all tokens. */
  void preparePiece(Tile tile, int piece, int[] values, int offset) {
    int first = piece * unitsInPiece();
    int last = Math.min(units, first + unitsInPiece());
    for (int t = 0; t < tile.tokens; t++) {
      int at = offset + t * layout.paddedColumns();
      int to = t * words * SIZE;
      for (int word = first * wordsInUnit; word < last * wordsInUnit; word++) {
        buildTables(values, at + word * WORD, tile.tables, to + word * SIZE);
      }
      for (int u = first; u < last; u++) {
        addToTable(tile.tables, to + u * wordsInUnit * SIZE, tile.operands[t * units + u]);
      }
    }
  }

  private static int negativePart(int[] values, int from, int length) {
    IntVector sums = IntVector.zero(Lanes.INT);
    for (int i = 0; i < length; i += Lanes.FLOATS) {
      sums = sums.sub(IntVector.fromArray(Lanes.INT, values, from + i).min(0));
    }
    return sums.reduceLanes(VectorOperators.ADD);
  }

  private static void addToTable(short[] tables, int at, int summand) {
    ShortVector.fromArray(Lanes.SHORT, tables, at).add((short) summand).intoArray(tables, at);
  }

  private static void buildTables(int[] values, int from, short[] tables, int to) {
    ShortVector bit0 = ShortVector.fromArray(Lanes.SHORT, ENTRIES, 0);
    ShortVector bit1 = ShortVector.fromArray(Lanes.SHORT, ENTRIES, LANES);
    ShortVector bit2 = ShortVector.fromArray(Lanes.SHORT, ENTRIES, 2 * LANES);
    ShortVector bit3 = ShortVector.fromArray(Lanes.SHORT, ENTRIES, 3 * LANES);
    ShortVector bit4 = ShortVector.fromArray(Lanes.SHORT, ENTRIES, 4 * LANES);
    for (int table = 0; table < 3; table++) {
      int at = from + table * FIRST_INDEX_BITS;
      bit0.and((short) values[at])
          .add(bit1.and((short) values[at + 1]))
          .add(bit2.and((short) values[at + 2]))
          .add(bit3.and((short) values[at + 3]))
          .add(bit4.and((short) values[at + 4]))
          .intoArray(tables, to + table * LANES);
    }
    // The last index has one more bit: its table is longer by a copy that includes the last value.
    ShortVector.fromArray(Lanes.SHORT, tables, to + 2 * LANES)
        .add((short) values[from + WORD - 1])
        .intoArray(tables, to + 3 * LANES);
  }
}
