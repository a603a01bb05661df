// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * Codes of 4 bits whose values are whole multiples of a step, at most 127 apart, such as FP4 or
 * INT4: one look-up gives the values of two codes as upper halves of floats.
 *
 * <p>The table holds {@code 0x3f80 + p(code)} in 16 bits, with {@code p} in the seven bits that are
 * the top of a mantissa. A look-up in 16-bit lanes fills both halves of a 32-bit lane. Shifted up,
 * the lower half is the float {@code 1 + p / 128}. The upper half needs no mask: as a float, the
 * lane is {@code 1 + p / 128 + q 2^-23} with {@code q} the lower half's bits, and this disturbance
 * is linear in the lower code, so that {@link #undoDisturbance} takes it out of the inputs: {@code
 * 2^-16} of the upper code's input is subtracted from the lower one's.
 *
 * <p>Sums count in units of {@code 128} and start from minus the sum of the inputs. With levels
 * {@code p / 128} up to {@code m}, rounding errors are bounded by those of weights {@code 1 + m <
 * 2} in the same units, less than five times the largest FP4 or INT4 value.
 */
final class PairedLookup extends TileProduct {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final long BYTES = LANES * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private final short[] entries;

  /** The bits of the float 1, upper half. */
  static final int ONE = 0x3f80;

  /** Codes of one half of a word. */
  private static final int HALF = 4;

  PairedLookup(
      WordTiles tiles,
      int groupWords,
      GroupTable scales,
      @Nullable GroupTable zeros,
      short[] entries) {
    super(tiles, groupWords, scales, zeros);
    this.entries = entries;
  }

  /** Prepares inputs, and what sums start from, for the unmasked upper halves. */
  static void undoDisturbance(TokenLayout layout, float[] values, float[] starts) {
    for (int g = 0; g < layout.groups(); g++) {
      int from = g * layout.groupSize();
      int to = Math.min(layout.valueCount(), from + layout.groupSize());
      double lower = 0;
      double upper = 0;
      for (int k = from; k < to; k += 2 * HALF) {
        for (int i = k; i < k + HALF; i++) {
          float other = values[i + HALF];
          float changed = values[i] - 0x1p-16f * other;
          values[i] = changed;
          lower += changed;
          upper += other;
        }
      }
      starts[g] -= (float) (lower + upper * (1 + ONE * 0x1p-23));
    }
  }

  @Override
  Optional<PlainTiles> plain() {
    return step(entries).stream().boxed().findFirst().flatMap(this::plain);
  }

  /** What codes are multiplied by, if the entries are multiples of it in order. */
  static OptionalInt step(short[] entries) {
    int step = entries[1] - ONE;
    for (int code = 0; code < Table16.SIZE; code++) {
      if (entries[code] != ONE + code * step) {
        return OptionalInt.empty();
      }
    }
    return OptionalInt.of(step);
  }

  @Override
  void multiply(int tile, TokenVector token, float[] scratch) {
    MemorySegment words = tiles.data();
    float[] x = token.values();
    int wordCount = tiles.words();
    long at = tiles.offset(tile, 0);
    float[] starts = token.starts();
    ShortVector table = ShortVector.fromArray(Lanes.SHORT, entries, 0);
    IntVector pair;
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
        pair = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a0 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a0);
        b0 = pair.reinterpretAsFloats().fma(x4, b0);
        pair =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a0 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a0);
        b0 = pair.reinterpretAsFloats().fma(x5, b0);
        pair =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a0 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a0);
        b0 = pair.reinterpretAsFloats().fma(x6, b0);
        pair =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a0 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a0);
        b0 = pair.reinterpretAsFloats().fma(x7, b0);
        v = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        pair = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a1 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a1);
        b1 = pair.reinterpretAsFloats().fma(x4, b1);
        pair =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a1 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a1);
        b1 = pair.reinterpretAsFloats().fma(x5, b1);
        pair =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a1 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a1);
        b1 = pair.reinterpretAsFloats().fma(x6, b1);
        pair =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a1 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a1);
        b1 = pair.reinterpretAsFloats().fma(x7, b1);
        v = IntVector.fromMemorySegment(I, words, at + 2 * BYTES, ORDER);
        pair = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a2 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a2);
        b2 = pair.reinterpretAsFloats().fma(x4, b2);
        pair =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a2 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a2);
        b2 = pair.reinterpretAsFloats().fma(x5, b2);
        pair =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a2 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a2);
        b2 = pair.reinterpretAsFloats().fma(x6, b2);
        pair =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a2 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a2);
        b2 = pair.reinterpretAsFloats().fma(x7, b2);
        v = IntVector.fromMemorySegment(I, words, at + 3 * BYTES, ORDER);
        pair = v.reinterpretAsShorts().selectFrom(table).reinterpretAsInts();
        a3 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x0, a3);
        b3 = pair.reinterpretAsFloats().fma(x4, b3);
        pair =
            v.lanewise(VectorOperators.LSHR, 4)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a3 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x1, a3);
        b3 = pair.reinterpretAsFloats().fma(x5, b3);
        pair =
            v.lanewise(VectorOperators.LSHR, 8)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a3 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x2, a3);
        b3 = pair.reinterpretAsFloats().fma(x6, b3);
        pair =
            v.lanewise(VectorOperators.LSHR, 12)
                .reinterpretAsShorts()
                .selectFrom(table)
                .reinterpretAsInts();
        a3 = pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(x3, a3);
        b3 = pair.reinterpretAsFloats().fma(x7, b3);
      }
      t0 = a0.add(b0).fma(FloatVector.fromArray(F, scratch, parameters), t0);
      t1 = a1.add(b1).fma(FloatVector.fromArray(F, scratch, parameters + LANES), t1);
      t2 = a2.add(b2).fma(FloatVector.fromArray(F, scratch, parameters + 2 * LANES), t2);
      t3 = a3.add(b3).fma(FloatVector.fromArray(F, scratch, parameters + 3 * LANES), t3);
    }
    t0.intoArray(scratch, 0);
    t1.intoArray(scratch, LANES);
    t2.intoArray(scratch, 2 * LANES);
    t3.intoArray(scratch, 3 * LANES);
  }
}
