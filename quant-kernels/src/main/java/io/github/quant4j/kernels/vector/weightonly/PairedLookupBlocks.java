// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What {@link PairedLookup} does, for small blocks whose scales are all BF16 numbers, as those of
 * MXFP4 and NVFP4 are, and without zero points.
 *
 * <p>Scales are decoded in registers. That takes the place of a way through memory, which for
 * blocks of 16 took a sixth of the time, but fits into the method for one encoding only.
 */
final class PairedLookupBlocks extends TileProduct {
  /** The largest group for which this pays. */
  static final int LARGEST_GROUP = 64;

  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final long BYTES = LANES * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private final ParameterTable scales;
  private final short[] entries;

  PairedLookupBlocks(WordTiles tiles, int groupWords, ParameterTable scales, short[] entries) {
    super(tiles, groupWords, scales, null);
    this.scales = scales;
    this.entries = entries;
  }

  @Override
  Optional<PlainTiles> plain() {
    return PairedLookup.step(entries).stream().boxed().findFirst().flatMap(this::plain);
  }

  @Override
  void multiply(int tile, TokenVector token, float[] scratch) {
    MemorySegment words = tiles.data();
    float[] x = token.values();
    int wordCount = tiles.words();
    long at = tiles.offset(tile, 0);
    float[] starts = token.starts();
    MemorySegment pairs = scales.data();
    ShortVector table = ShortVector.fromArray(Lanes.SHORT, entries, 0);
    IntVector q;
    FloatVector t0 = FloatVector.zero(F);
    FloatVector t1 = t0;
    FloatVector t2 = t0;
    FloatVector t3 = t0;
    for (int group = 0, word = 0; word < wordCount; group++) {
      int end = Math.min(wordCount, word + groupWords);
      long pair = scales.pairOffset(tile, group);
      int shift = (group & 1) == 0 ? 16 : 0;
      FloatVector a0 = FloatVector.broadcast(F, starts[group]);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector b0 = FloatVector.zero(F);
      FloatVector b1 = b0;
      FloatVector b2 = b0;
      FloatVector b3 = b0;
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
        q = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a0 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a0);
        b0 = q.reinterpretAsFloats().fma(x4, b0);
        q =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a0 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a0);
        b0 = q.reinterpretAsFloats().fma(x5, b0);
        q =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a0 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a0);
        b0 = q.reinterpretAsFloats().fma(x6, b0);
        q =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a0 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a0);
        b0 = q.reinterpretAsFloats().fma(x7, b0);
        v = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        q = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a1 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a1);
        b1 = q.reinterpretAsFloats().fma(x4, b1);
        q =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a1 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a1);
        b1 = q.reinterpretAsFloats().fma(x5, b1);
        q =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a1 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a1);
        b1 = q.reinterpretAsFloats().fma(x6, b1);
        q =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a1 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a1);
        b1 = q.reinterpretAsFloats().fma(x7, b1);
        v = IntVector.fromMemorySegment(I, words, at + 2 * BYTES, ORDER);
        q = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a2 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a2);
        b2 = q.reinterpretAsFloats().fma(x4, b2);
        q =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a2 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a2);
        b2 = q.reinterpretAsFloats().fma(x5, b2);
        q =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a2 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a2);
        b2 = q.reinterpretAsFloats().fma(x6, b2);
        q =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a2 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a2);
        b2 = q.reinterpretAsFloats().fma(x7, b2);
        v = IntVector.fromMemorySegment(I, words, at + 3 * BYTES, ORDER);
        q = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a3 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a3);
        b3 = q.reinterpretAsFloats().fma(x4, b3);
        q =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a3 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a3);
        b3 = q.reinterpretAsFloats().fma(x5, b3);
        q =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a3 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a3);
        b3 = q.reinterpretAsFloats().fma(x6, b3);
        q =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a3 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a3);
        b3 = q.reinterpretAsFloats().fma(x7, b3);
      }
      t0 =
          a0.add(b0)
              .fma(
                  IntVector.fromMemorySegment(I, pairs, pair, ORDER)
                      .lanewise(VectorOperators.LSHL, shift)
                      .and(ParameterTable.UPPER)
                      .reinterpretAsFloats(),
                  t0);
      t1 =
          a1.add(b1)
              .fma(
                  IntVector.fromMemorySegment(I, pairs, pair + BYTES, ORDER)
                      .lanewise(VectorOperators.LSHL, shift)
                      .and(ParameterTable.UPPER)
                      .reinterpretAsFloats(),
                  t1);
      t2 =
          a2.add(b2)
              .fma(
                  IntVector.fromMemorySegment(I, pairs, pair + 2 * BYTES, ORDER)
                      .lanewise(VectorOperators.LSHL, shift)
                      .and(ParameterTable.UPPER)
                      .reinterpretAsFloats(),
                  t2);
      t3 =
          a3.add(b3)
              .fma(
                  IntVector.fromMemorySegment(I, pairs, pair + 3 * BYTES, ORDER)
                      .lanewise(VectorOperators.LSHL, shift)
                      .and(ParameterTable.UPPER)
                      .reinterpretAsFloats(),
                  t3);
    }
    t0.intoArray(scratch, 0);
    t1.intoArray(scratch, LANES);
    t2.intoArray(scratch, 2 * LANES);
    t3.intoArray(scratch, 3 * LANES);
  }
}
