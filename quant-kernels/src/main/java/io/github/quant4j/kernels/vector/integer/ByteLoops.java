// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of {@link ByteMultiply}, one for each number of tokens; see {@link NibbleLoops}
 * for why they are written out.
 *
 * <p>Parameters: {@code packed} words with those of the first pair of row vectors at {@code at} and
 * a {@code stride} to the next; a {@code tile} that {@link ByteMultiply#prepare} filled; the {@code
 * words} of a segment; segments {@code first} to {@code last}; {@code sums} from {@code sumsAt},
 * with {@code rows} rows in a block.
 */
final class ByteLoops {
  private static final int L = Lanes.FLOATS;
  private static final int ROW_VECTORS = 4;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int SECOND = 0x00ff_00ff;

  private ByteLoops() {}

  /** One token, two pairs of row vectors. */
  static void oneToken(
      MemorySegment packed,
      long at,
      long stride,
      Tile tile,
      int words,
      int first,
      int last,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = (long) (rows / ROW_VECTORS) * Integer.BYTES;
    int sum = sumsAt;
    for (int s = first; s < last; s++) {
      long word = at + (long) s * words * step;
      int operand = s * words * 3;
      IntVector both00 = IntVector.zero(Lanes.INT);
      IntVector odd00 = both00;
      IntVector both01 = both00;
      IntVector odd01 = both00;
      for (int i = 0; i < words; i++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        ShortVector pair0 = w0.reinterpretAsShorts();
        ShortVector second0 =
            w0.lanewise(VectorOperators.LSHR, 8).and(SECOND).reinterpretAsShorts();
        IntVector w1 = IntVector.fromMemorySegment(Lanes.INT, packed, word + stride, ORDER);
        ShortVector pair1 = w1.reinterpretAsShorts();
        ShortVector second1 =
            w1.lanewise(VectorOperators.LSHR, 8).and(SECOND).reinterpretAsShorts();
        ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        ShortVector b0 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        ShortVector bias0 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        IntVector p00 = pair0.mul(a0).add(bias0).add(second0.mul(b0)).reinterpretAsInts();
        both00 = both00.add(p00);
        odd00 = odd00.add(p00.lanewise(VectorOperators.LSHR, 16));
        IntVector p01 = pair1.mul(a0).add(bias0).add(second1.mul(b0)).reinterpretAsInts();
        both01 = both01.add(p01);
        odd01 = odd01.add(p01.lanewise(VectorOperators.LSHR, 16));
        word += step;
        operand += 3;
      }
      both00
          .sub(odd00.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      odd00.add(IntVector.fromArray(Lanes.INT, sums, sum + L)).intoArray(sums, sum + L);
      both01
          .sub(odd01.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 2 * L))
          .intoArray(sums, sum + 2 * L);
      odd01.add(IntVector.fromArray(Lanes.INT, sums, sum + 3 * L)).intoArray(sums, sum + 3 * L);
      sum += rows;
    }
  }

  /** Two tokens, one pair of row vectors. */
  static void twoTokens(
      MemorySegment packed,
      long at,
      long stride,
      Tile tile,
      int words,
      int first,
      int last,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = (long) (rows / ROW_VECTORS) * Integer.BYTES;
    int sum = sumsAt;
    for (int s = first; s < last; s++) {
      long word = at + (long) s * words * step;
      int operand = s * words * 6;
      IntVector both00 = IntVector.zero(Lanes.INT);
      IntVector odd00 = both00;
      IntVector both10 = both00;
      IntVector odd10 = both00;
      for (int i = 0; i < words; i++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        ShortVector pair0 = w0.reinterpretAsShorts();
        ShortVector second0 =
            w0.lanewise(VectorOperators.LSHR, 8).and(SECOND).reinterpretAsShorts();
        ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        ShortVector b0 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        ShortVector bias0 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        IntVector p00 = pair0.mul(a0).add(bias0).add(second0.mul(b0)).reinterpretAsInts();
        both00 = both00.add(p00);
        odd00 = odd00.add(p00.lanewise(VectorOperators.LSHR, 16));
        ShortVector a1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        ShortVector b1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 4]).reinterpretAsShorts();
        ShortVector bias1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 5]).reinterpretAsShorts();
        IntVector p10 = pair0.mul(a1).add(bias1).add(second0.mul(b1)).reinterpretAsInts();
        both10 = both10.add(p10);
        odd10 = odd10.add(p10.lanewise(VectorOperators.LSHR, 16));
        word += step;
        operand += 6;
      }
      both00
          .sub(odd00.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      odd00.add(IntVector.fromArray(Lanes.INT, sums, sum + L)).intoArray(sums, sum + L);
      sum += rows;
      both10
          .sub(odd10.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      odd10.add(IntVector.fromArray(Lanes.INT, sums, sum + L)).intoArray(sums, sum + L);
      sum += rows;
    }
  }

  /** Four tokens, one pair of row vectors. */
  static void fourTokens(
      MemorySegment packed,
      long at,
      long stride,
      Tile tile,
      int words,
      int first,
      int last,
      int[] sums,
      int sumsAt,
      int rows) {
    int[] operands = tile.operands;
    long step = (long) (rows / ROW_VECTORS) * Integer.BYTES;
    int sum = sumsAt;
    for (int s = first; s < last; s++) {
      long word = at + (long) s * words * step;
      int operand = s * words * 12;
      IntVector both00 = IntVector.zero(Lanes.INT);
      IntVector odd00 = both00;
      IntVector both10 = both00;
      IntVector odd10 = both00;
      IntVector both20 = both00;
      IntVector odd20 = both00;
      IntVector both30 = both00;
      IntVector odd30 = both00;
      for (int i = 0; i < words; i++) {
        IntVector w0 = IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER);
        ShortVector pair0 = w0.reinterpretAsShorts();
        ShortVector second0 =
            w0.lanewise(VectorOperators.LSHR, 8).and(SECOND).reinterpretAsShorts();
        ShortVector a0 = IntVector.broadcast(Lanes.INT, operands[operand]).reinterpretAsShorts();
        ShortVector b0 =
            IntVector.broadcast(Lanes.INT, operands[operand + 1]).reinterpretAsShorts();
        ShortVector bias0 =
            IntVector.broadcast(Lanes.INT, operands[operand + 2]).reinterpretAsShorts();
        IntVector p00 = pair0.mul(a0).add(bias0).add(second0.mul(b0)).reinterpretAsInts();
        both00 = both00.add(p00);
        odd00 = odd00.add(p00.lanewise(VectorOperators.LSHR, 16));
        ShortVector a1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 3]).reinterpretAsShorts();
        ShortVector b1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 4]).reinterpretAsShorts();
        ShortVector bias1 =
            IntVector.broadcast(Lanes.INT, operands[operand + 5]).reinterpretAsShorts();
        IntVector p10 = pair0.mul(a1).add(bias1).add(second0.mul(b1)).reinterpretAsInts();
        both10 = both10.add(p10);
        odd10 = odd10.add(p10.lanewise(VectorOperators.LSHR, 16));
        ShortVector a2 =
            IntVector.broadcast(Lanes.INT, operands[operand + 6]).reinterpretAsShorts();
        ShortVector b2 =
            IntVector.broadcast(Lanes.INT, operands[operand + 7]).reinterpretAsShorts();
        ShortVector bias2 =
            IntVector.broadcast(Lanes.INT, operands[operand + 8]).reinterpretAsShorts();
        IntVector p20 = pair0.mul(a2).add(bias2).add(second0.mul(b2)).reinterpretAsInts();
        both20 = both20.add(p20);
        odd20 = odd20.add(p20.lanewise(VectorOperators.LSHR, 16));
        ShortVector a3 =
            IntVector.broadcast(Lanes.INT, operands[operand + 9]).reinterpretAsShorts();
        ShortVector b3 =
            IntVector.broadcast(Lanes.INT, operands[operand + 10]).reinterpretAsShorts();
        ShortVector bias3 =
            IntVector.broadcast(Lanes.INT, operands[operand + 11]).reinterpretAsShorts();
        IntVector p30 = pair0.mul(a3).add(bias3).add(second0.mul(b3)).reinterpretAsInts();
        both30 = both30.add(p30);
        odd30 = odd30.add(p30.lanewise(VectorOperators.LSHR, 16));
        word += step;
        operand += 12;
      }
      both00
          .sub(odd00.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      odd00.add(IntVector.fromArray(Lanes.INT, sums, sum + L)).intoArray(sums, sum + L);
      sum += rows;
      both10
          .sub(odd10.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      odd10.add(IntVector.fromArray(Lanes.INT, sums, sum + L)).intoArray(sums, sum + L);
      sum += rows;
      both20
          .sub(odd20.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      odd20.add(IntVector.fromArray(Lanes.INT, sums, sum + L)).intoArray(sums, sum + L);
      sum += rows;
      both30
          .sub(odd30.lanewise(VectorOperators.LSHL, 16))
          .add(IntVector.fromArray(Lanes.INT, sums, sum))
          .intoArray(sums, sum);
      odd30.add(IntVector.fromArray(Lanes.INT, sums, sum + L)).intoArray(sums, sum + L);
      sum += rows;
    }
  }
}
