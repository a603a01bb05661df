// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Codes of 4 bits for any 16 values: the value is looked up in a register. */
final class TableLookup extends TileProduct {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final long BYTES = LANES * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private final float[] values;

  TableLookup(
      WordTiles tiles,
      int groupWords,
      GroupTable scales,
      @Nullable GroupTable zeros,
      float[] values) {
    super(tiles, groupWords, scales, zeros);
    this.values = values;
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
    IntVector table = Table16.load(values, 0, 0);
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
        int k = word * 8;
        IntVector v;
        FloatVector x0 = FloatVector.broadcast(F, x[k]);
        FloatVector x1 = FloatVector.broadcast(F, x[k + 1]);
        FloatVector x2 = FloatVector.broadcast(F, x[k + 2]);
        FloatVector x3 = FloatVector.broadcast(F, x[k + 3]);
        FloatVector x4 = FloatVector.broadcast(F, x[k + 4]);
        FloatVector x5 = FloatVector.broadcast(F, x[k + 5]);
        FloatVector x6 = FloatVector.broadcast(F, x[k + 6]);
        FloatVector x7 = FloatVector.broadcast(F, x[k + 7]);
        v = IntVector.fromMemorySegment(I, words, at, ORDER);
        a0 = v.selectFrom(table).reinterpretAsFloats().fma(x0, a0);
        a0 =
            v.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats().fma(x1, a0);
        a0 =
            v.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats().fma(x2, a0);
        a0 =
            v.lanewise(VectorOperators.LSHR, 12)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x3, a0);
        a0 =
            v.lanewise(VectorOperators.LSHR, 16)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x4, a0);
        a0 =
            v.lanewise(VectorOperators.LSHR, 20)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x5, a0);
        a0 =
            v.lanewise(VectorOperators.LSHR, 24)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x6, a0);
        a0 =
            v.lanewise(VectorOperators.LSHR, 28)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x7, a0);
        v = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        a1 = v.selectFrom(table).reinterpretAsFloats().fma(x0, a1);
        a1 =
            v.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats().fma(x1, a1);
        a1 =
            v.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats().fma(x2, a1);
        a1 =
            v.lanewise(VectorOperators.LSHR, 12)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x3, a1);
        a1 =
            v.lanewise(VectorOperators.LSHR, 16)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x4, a1);
        a1 =
            v.lanewise(VectorOperators.LSHR, 20)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x5, a1);
        a1 =
            v.lanewise(VectorOperators.LSHR, 24)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x6, a1);
        a1 =
            v.lanewise(VectorOperators.LSHR, 28)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x7, a1);
        v = IntVector.fromMemorySegment(I, words, at + 2 * BYTES, ORDER);
        a2 = v.selectFrom(table).reinterpretAsFloats().fma(x0, a2);
        a2 =
            v.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats().fma(x1, a2);
        a2 =
            v.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats().fma(x2, a2);
        a2 =
            v.lanewise(VectorOperators.LSHR, 12)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x3, a2);
        a2 =
            v.lanewise(VectorOperators.LSHR, 16)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x4, a2);
        a2 =
            v.lanewise(VectorOperators.LSHR, 20)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x5, a2);
        a2 =
            v.lanewise(VectorOperators.LSHR, 24)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x6, a2);
        a2 =
            v.lanewise(VectorOperators.LSHR, 28)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x7, a2);
        v = IntVector.fromMemorySegment(I, words, at + 3 * BYTES, ORDER);
        a3 = v.selectFrom(table).reinterpretAsFloats().fma(x0, a3);
        a3 =
            v.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats().fma(x1, a3);
        a3 =
            v.lanewise(VectorOperators.LSHR, 8).selectFrom(table).reinterpretAsFloats().fma(x2, a3);
        a3 =
            v.lanewise(VectorOperators.LSHR, 12)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x3, a3);
        a3 =
            v.lanewise(VectorOperators.LSHR, 16)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x4, a3);
        a3 =
            v.lanewise(VectorOperators.LSHR, 20)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x5, a3);
        a3 =
            v.lanewise(VectorOperators.LSHR, 24)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x6, a3);
        a3 =
            v.lanewise(VectorOperators.LSHR, 28)
                .selectFrom(table)
                .reinterpretAsFloats()
                .fma(x7, a3);
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
    IntVector u0 = Table16.load(values, 0, 0);
    IntVector u1 = Table16.load(values, 0, 1);
    IntVector u2 = Table16.load(values, 0, 2);
    IntVector u3 = Table16.load(values, 0, 3);
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
          FloatVector input = FloatVector.broadcast(F, x[word * 8 + j]);
          a0 = Table16.lookUp(v0, u0, u1, u2, u3).fma(input, a0);
          a1 = Table16.lookUp(v1, u0, u1, u2, u3).fma(input, a1);
          a2 = Table16.lookUp(v2, u0, u1, u2, u3).fma(input, a2);
          a3 = Table16.lookUp(v3, u0, u1, u2, u3).fma(input, a3);
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
