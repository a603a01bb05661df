// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Codes of 1 or 2 bits for any values: four codes, or two, are looked up at once in a table of the
 * sums that they can stand for.
 *
 * <p>The token comes as tables of 16 sums for every 4 or 2 inputs, which are made once for all rows
 * and for all matrices that read the input; a look-up and an addition then do the work of 4 or 2
 * multiply-adds. (Table look-up as in T-MAC, Wei et al., arXiv 2407.00088, here in floats.)
 */
final class NibbleSums extends TileProduct {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final long BYTES = LANES * (long) Integer.BYTES;
  private static final int TABLES = 8 * Table16.SIZE;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** Tables of sums. */
  static final class Tables implements TokenLayout.Arrangement {
    private final int bits;

    /** For each code of a nibble the 16 values that it has in the nibbles from 0 to 15. */
    private final float[] columns;

    /**
     * For codes of some width.
     *
     * @param bits of a code, 1 or 2
     * @param levels value of each code, in units
     */
    Tables(int bits, float[] levels) {
      this.bits = bits;
      this.columns = new float[4 / bits * Table16.SIZE];
      for (int i = 0; i < columns.length; i++) {
        int code = i % Table16.SIZE >> i / Table16.SIZE * bits & (1 << bits) - 1;
        columns[i] = levels[code];
      }
    }

    @Override
    public void arrange(
        TokenLayout layout, float[] x, int xOffset, float[] values, float[] starts) {
      int codes = 4 / bits;
      int in = layout.inFeatures();
      for (int table = 0; table < layout.valueCount() / Table16.SIZE; table++) {
        for (int lane = 0; lane < Table16.SIZE; lane += LANES) {
          FloatVector sum = FloatVector.zero(F);
          for (int c = 0; c < codes && table * codes + c < in; c++) {
            sum =
                Lanes.multiplyAdd(
                    FloatVector.fromArray(F, columns, c * Table16.SIZE + lane),
                    FloatVector.broadcast(F, x[xOffset + table * codes + c]),
                    sum);
          }
          sum.intoArray(values, table * Table16.SIZE + lane);
        }
      }
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Tables tables
          && bits == tables.bits
          && Arrays.equals(columns, tables.columns);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(columns);
    }
  }

  NibbleSums(WordTiles tiles, int groupWords, GroupTable scales, @Nullable GroupTable zeros) {
    super(tiles, groupWords, scales, zeros);
  }

  /** With 128 bits a table is four registers, which look-ups in the loop have no room for. */
  @Override
  boolean isFast() {
    return LANES > 4;
  }

  @Override
  void multiply(int tile, TokenVector token, float[] scratch) {
    if (LANES == Table16.SIZE) {
      multiplyWide(tile, token, scratch);
    } else {
      multiplyNarrow(tile, token, scratch);
    }
  }

  private void multiplyWide(int tile, TokenVector token, float[] scratch) {
    MemorySegment words = tiles.data();
    float[] x = token.values();
    int wordCount = tiles.words();
    long at = tiles.offset(tile, 0);
    float[] starts = token.starts();
    FloatVector t0 = FloatVector.zero(F);
    FloatVector t1 = t0;
    FloatVector t2 = t0;
    FloatVector t3 = t0;
    for (int group = 0, word = 0; word < wordCount; group++) {
      int end = Math.min(wordCount, word + groupWords);
      int parameters = PARAMETERS + group % CHUNK * WordTiles.ROWS;
      if (parameters == PARAMETERS) {
        loadParameters(tile, group, token, scratch);
      }
      FloatVector a0 = FloatVector.broadcast(F, starts[group]);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      if (hasZeros) {
        a0 = FloatVector.fromArray(F, scratch, parameters + STARTS);
        a1 = FloatVector.fromArray(F, scratch, parameters + STARTS + LANES);
        a2 = FloatVector.fromArray(F, scratch, parameters + STARTS + 2 * LANES);
        a3 = FloatVector.fromArray(F, scratch, parameters + STARTS + 3 * LANES);
      }
      for (; word < end; word++, at += 4 * BYTES) {
        int k = word * TABLES;
        IntVector v0 = IntVector.fromMemorySegment(I, words, at, ORDER);
        IntVector v1 = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        IntVector v2 = IntVector.fromMemorySegment(I, words, at + 2 * BYTES, ORDER);
        IntVector v3 = IntVector.fromMemorySegment(I, words, at + 3 * BYTES, ORDER);
        IntVector table;
        table = FloatVector.fromArray(F, x, k).reinterpretAsInts();
        a0 = a0.add(v0.selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.selectFrom(table).reinterpretAsFloats());
        table = FloatVector.fromArray(F, x, k + 16).reinterpretAsInts();
        a0 = a0.add(v0.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats());
        table = FloatVector.fromArray(F, x, k + 32).reinterpretAsInts();
        a0 = a0.add(v0.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats());
        table = FloatVector.fromArray(F, x, k + 48).reinterpretAsInts();
        a0 = a0.add(v0.lanewise(VectorOperators.LSHR, 12).selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.lanewise(VectorOperators.LSHR, 12).selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.lanewise(VectorOperators.LSHR, 12).selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.lanewise(VectorOperators.LSHR, 12).selectFrom(table).reinterpretAsFloats());
        table = FloatVector.fromArray(F, x, k + 64).reinterpretAsInts();
        a0 = a0.add(v0.lanewise(VectorOperators.LSHR, 16).selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.lanewise(VectorOperators.LSHR, 16).selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.lanewise(VectorOperators.LSHR, 16).selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.lanewise(VectorOperators.LSHR, 16).selectFrom(table).reinterpretAsFloats());
        table = FloatVector.fromArray(F, x, k + 80).reinterpretAsInts();
        a0 = a0.add(v0.lanewise(VectorOperators.LSHR, 20).selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.lanewise(VectorOperators.LSHR, 20).selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.lanewise(VectorOperators.LSHR, 20).selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.lanewise(VectorOperators.LSHR, 20).selectFrom(table).reinterpretAsFloats());
        table = FloatVector.fromArray(F, x, k + 96).reinterpretAsInts();
        a0 = a0.add(v0.lanewise(VectorOperators.LSHR, 24).selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.lanewise(VectorOperators.LSHR, 24).selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.lanewise(VectorOperators.LSHR, 24).selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.lanewise(VectorOperators.LSHR, 24).selectFrom(table).reinterpretAsFloats());
        table = FloatVector.fromArray(F, x, k + 112).reinterpretAsInts();
        a0 = a0.add(v0.lanewise(VectorOperators.LSHR, 28).selectFrom(table).reinterpretAsFloats());
        a1 = a1.add(v1.lanewise(VectorOperators.LSHR, 28).selectFrom(table).reinterpretAsFloats());
        a2 = a2.add(v2.lanewise(VectorOperators.LSHR, 28).selectFrom(table).reinterpretAsFloats());
        a3 = a3.add(v3.lanewise(VectorOperators.LSHR, 28).selectFrom(table).reinterpretAsFloats());
      }
      t0 = a0.fma(FloatVector.fromArray(F, scratch, parameters), t0);
      t1 = a1.fma(FloatVector.fromArray(F, scratch, parameters + LANES), t1);
      t2 = a2.fma(FloatVector.fromArray(F, scratch, parameters + 2 * LANES), t2);
      t3 = a3.fma(FloatVector.fromArray(F, scratch, parameters + 3 * LANES), t3);
    }
    t0.intoArray(scratch, 0);
    t1.intoArray(scratch, LANES);
    t2.intoArray(scratch, 2 * LANES);
    t3.intoArray(scratch, 3 * LANES);
  }

  /**
   * The same for vectors that hold only a part of a table: in a loop, since a look-up is longer.
   */
  private void multiplyNarrow(int tile, TokenVector token, float[] scratch) {
    MemorySegment words = tiles.data();
    float[] x = token.values();
    float[] starts = token.starts();
    int wordCount = tiles.words();
    long at = tiles.offset(tile, 0);
    FloatVector t0 = FloatVector.zero(F);
    FloatVector t1 = t0;
    FloatVector t2 = t0;
    FloatVector t3 = t0;
    for (int group = 0, word = 0; word < wordCount; group++) {
      int end = Math.min(wordCount, word + groupWords);
      int parameters = PARAMETERS + group % CHUNK * WordTiles.ROWS;
      if (parameters == PARAMETERS) {
        loadParameters(tile, group, token, scratch);
      }
      FloatVector a0 = FloatVector.broadcast(F, starts[group]);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      if (hasZeros) {
        a0 = FloatVector.fromArray(F, scratch, parameters + STARTS);
        a1 = FloatVector.fromArray(F, scratch, parameters + STARTS + LANES);
        a2 = FloatVector.fromArray(F, scratch, parameters + STARTS + 2 * LANES);
        a3 = FloatVector.fromArray(F, scratch, parameters + STARTS + 3 * LANES);
      }
      for (; word < end; word++, at += 4 * BYTES) {
        IntVector v0 = IntVector.fromMemorySegment(I, words, at, ORDER);
        IntVector v1 = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        IntVector v2 = IntVector.fromMemorySegment(I, words, at + 2 * BYTES, ORDER);
        IntVector v3 = IntVector.fromMemorySegment(I, words, at + 3 * BYTES, ORDER);
        for (int j = 0; j < 8; j++) {
          int table = word * TABLES + j * Table16.SIZE;
          IntVector u0 = Table16.load(x, table, 0);
          IntVector u1 = Table16.load(x, table, 1);
          IntVector u2 = Table16.load(x, table, 2);
          IntVector u3 = Table16.load(x, table, 3);
          a0 = a0.add(Table16.lookUp(v0, u0, u1, u2, u3));
          a1 = a1.add(Table16.lookUp(v1, u0, u1, u2, u3));
          a2 = a2.add(Table16.lookUp(v2, u0, u1, u2, u3));
          a3 = a3.add(Table16.lookUp(v3, u0, u1, u2, u3));
          v0 = v0.lanewise(VectorOperators.LSHR, 4);
          v1 = v1.lanewise(VectorOperators.LSHR, 4);
          v2 = v2.lanewise(VectorOperators.LSHR, 4);
          v3 = v3.lanewise(VectorOperators.LSHR, 4);
        }
      }
      t0 = a0.fma(FloatVector.fromArray(F, scratch, parameters), t0);
      t1 = a1.fma(FloatVector.fromArray(F, scratch, parameters + LANES), t1);
      t2 = a2.fma(FloatVector.fromArray(F, scratch, parameters + 2 * LANES), t2);
      t3 = a3.fma(FloatVector.fromArray(F, scratch, parameters + 3 * LANES), t3);
    }
    t0.intoArray(scratch, 0);
    t1.intoArray(scratch, LANES);
    t2.intoArray(scratch, 2 * LANES);
    t3.intoArray(scratch, 3 * LANES);
  }
}
