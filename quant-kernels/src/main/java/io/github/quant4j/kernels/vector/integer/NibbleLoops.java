// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loop of {@link NibbleMultiply} for one token.
 *
 * <p>The loops for one, two and four tokens are written out: no helper method may take or return a
 * vector here, because the compiler gives up inlining such helpers in methods of this size, and
 * then every vector is an object.
 *
 * <p>Words advance by a step that the compiler does not know. With a constant one it proves the
 * bounds of all iterations before the loop, and the few iterations of a run take less time than
 * that proof.
 *
 * <p>Parameters: {@code packed} words with those of the first row vector of a block at {@code at};
 * {@code words} of a unit; a {@code tile} that {@link WordMultiply#prepare} filled, the entries of
 * its {@link RunPlan} from {@code planAt}; runs {@code from} to {@code to}; {@code sums}, those of
 * the first row of segment 0 at {@code sumsAt} (which need not exist), with {@code rows} rows in a
 * block.
 */
final class NibbleLoops {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private NibbleLoops() {}

  /** One token, four row vectors, units of {@code words} words. */
  static void oneToken(
      MemorySegment packed,
      long at,
      int words,
      Tile tile,
      int planAt,
      int from,
      int to,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = rows * (long) Integer.BYTES;
    int coefficients = words * 4;
    for (int run = from; run < to; run++) {
      int entry = planAt + run * 6;
      long word = at + (long) operands[entry] * words * step;
      int operand = operands[entry + 2] * coefficients;
      ShortVector p00 = IntVector.broadcast(Lanes.INT, operands[entry + 4]).reinterpretAsShorts();
      ShortVector p01 = p00;
      ShortVector p02 = p00;
      ShortVector p03 = p00;
      int count = operands[entry + 3] * words;
      for (int q = 0; q < count; q++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        IntVector w1 = IntVector.fromMemorySegment(Lanes.INT, packed, word + BYTES, ORDER);
        IntVector w2 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 2 * BYTES, ORDER);
        IntVector w3 = IntVector.fromMemorySegment(Lanes.INT, packed, word + 3 * BYTES, ORDER);
        for (int view = 0; view < 4; view++) {
          ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
          p00 = p00.add(w0.reinterpretAsShorts().mul(a0));
          p01 = p01.add(w1.reinterpretAsShorts().mul(a0));
          p02 = p02.add(w2.reinterpretAsShorts().mul(a0));
          p03 = p03.add(w3.reinterpretAsShorts().mul(a0));
          w0 = w0.lanewise(VectorOperators.LSHR, 4);
          w1 = w1.lanewise(VectorOperators.LSHR, 4);
          w2 = w2.lanewise(VectorOperators.LSHR, 4);
          w3 = w3.lanewise(VectorOperators.LSHR, 4);
          operand++;
        }
        word += step;
      }
      int sum = sumsAt + operands[entry + 1] * 1 * rows;
      IntVector i00 = p00.reinterpretAsInts();
      i00.lanewise(VectorOperators.LSHL, 16)
          .add(i00)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      IntVector i01 = p01.reinterpretAsInts();
      i01.lanewise(VectorOperators.LSHL, 16)
          .add(i01)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + L))
          .intoArray(sums, sum + L);
      IntVector i02 = p02.reinterpretAsInts();
      i02.lanewise(VectorOperators.LSHL, 16)
          .add(i02)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 2 * L))
          .intoArray(sums, sum + 2 * L);
      IntVector i03 = p03.reinterpretAsInts();
      i03.lanewise(VectorOperators.LSHL, 16)
          .add(i03)
          .lanewise(VectorOperators.LSHR, 16)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 3 * L))
          .intoArray(sums, sum + 3 * L);
    }
  }
}
