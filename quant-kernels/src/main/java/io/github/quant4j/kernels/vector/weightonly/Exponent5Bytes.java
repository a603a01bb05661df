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

/**
 * Minifloats of up to 8 bits with 5 exponent bits, mantissa aligned to the left of a byte: the
 * fields are moved to where binary32 has them.
 *
 * <p>The value is then too small by the difference of the exponent biases, a power of two near
 * 2^-112, which the arranged token and the final factor make up for, half each. Subnormal codes are
 * subnormal floats on the way, and exact like all others.
 */
final class Exponent5Bytes extends TileProduct {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final long BYTES = LANES * (long) Integer.BYTES;

  /** Sign, 5 exponent bits and the mantissa. */
  private static final int FIELDS = 0x8fe00000;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  Exponent5Bytes(WordTiles tiles, int groupWords, GroupTable scales, @Nullable GroupTable zeros) {
    super(tiles, groupWords, scales, zeros);
  }

  @Override
  void multiply(int tile, TokenVector token, float[] scratch) {
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
        int k = word * 4;
        IntVector v;
        FloatVector x0 = FloatVector.broadcast(F, x[k]);
        FloatVector x1 = FloatVector.broadcast(F, x[k + 1]);
        FloatVector x2 = FloatVector.broadcast(F, x[k + 2]);
        FloatVector x3 = FloatVector.broadcast(F, x[k + 3]);
        v = IntVector.fromMemorySegment(I, words, at, ORDER);
        a0 =
            v.lanewise(VectorOperators.LSHL, 24)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x0, a0);
        a0 =
            v.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x1, a0);
        a0 =
            v.lanewise(VectorOperators.LSHL, 8)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x2, a0);
        a0 = v.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().fma(x3, a0);
        v = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        a1 =
            v.lanewise(VectorOperators.LSHL, 24)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x0, a1);
        a1 =
            v.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x1, a1);
        a1 =
            v.lanewise(VectorOperators.LSHL, 8)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x2, a1);
        a1 = v.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().fma(x3, a1);
        v = IntVector.fromMemorySegment(I, words, at + 2 * BYTES, ORDER);
        a2 =
            v.lanewise(VectorOperators.LSHL, 24)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x0, a2);
        a2 =
            v.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x1, a2);
        a2 =
            v.lanewise(VectorOperators.LSHL, 8)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x2, a2);
        a2 = v.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().fma(x3, a2);
        v = IntVector.fromMemorySegment(I, words, at + 3 * BYTES, ORDER);
        a3 =
            v.lanewise(VectorOperators.LSHL, 24)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x0, a3);
        a3 =
            v.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x1, a3);
        a3 =
            v.lanewise(VectorOperators.LSHL, 8)
                .lanewise(VectorOperators.ASHR, 3)
                .and(FIELDS)
                .reinterpretAsFloats()
                .fma(x2, a3);
        a3 = v.lanewise(VectorOperators.ASHR, 3).and(FIELDS).reinterpretAsFloats().fma(x3, a3);
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
