// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** The inner loops of {@link PlanePopcount}, for one token and four row vectors. */
final class PopcountLoops {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private PopcountLoops() {}

  /**
   * Adds {@code weight} times the number of common bits of a weight plane and an activation plane.
   *
   * @param packed weight planes
   * @param at position of the first row vector's words
   * @param stride from one row vector to the next, in bytes
   * @param vectorBytes the length of a vector
   * @param operands activation planes
   * @param operandsAt position of the first word
   * @param words words of a segment
   * @param segments how many segments
   * @param weight what a common bit counts
   * @param sums added to
   * @param to position of the first segment
   * @param step from one segment to the next
   */
  static void addPlanes(
      MemorySegment packed,
      long at,
      long stride,
      long vectorBytes,
      int[] operands,
      int operandsAt,
      int words,
      int segments,
      int weight,
      int[] sums,
      int to,
      int step) {
    long word = at;
    int operand = operandsAt;
    int sum = to;
    for (int s = 0; s < segments; s++) {
      IntVector count0 = IntVector.zero(Lanes.INT);
      IntVector count1 = count0;
      IntVector count2 = count0;
      IntVector count3 = count0;
      for (int i = 0; i < words; i++) {
        IntVector bits = IntVector.broadcast(Lanes.INT, operands[operand + i]);
        count0 =
            count0.add(
                IntVector.fromMemorySegment(Lanes.INT, packed, word, ORDER)
                    .and(bits)
                    .lanewise(VectorOperators.BIT_COUNT));
        count1 =
            count1.add(
                IntVector.fromMemorySegment(Lanes.INT, packed, word + stride, ORDER)
                    .and(bits)
                    .lanewise(VectorOperators.BIT_COUNT));
        count2 =
            count2.add(
                IntVector.fromMemorySegment(Lanes.INT, packed, word + 2 * stride, ORDER)
                    .and(bits)
                    .lanewise(VectorOperators.BIT_COUNT));
        count3 =
            count3.add(
                IntVector.fromMemorySegment(Lanes.INT, packed, word + 3 * stride, ORDER)
                    .and(bits)
                    .lanewise(VectorOperators.BIT_COUNT));
        word += vectorBytes;
      }
      operand += words;
      count0.mul(weight).add(IntVector.fromArray(Lanes.INT, sums, sum)).intoArray(sums, sum);
      count1
          .mul(weight)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + L))
          .intoArray(sums, sum + L);
      count2
          .mul(weight)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 2 * L))
          .intoArray(sums, sum + 2 * L);
      count3
          .mul(weight)
          .add(IntVector.fromArray(Lanes.INT, sums, sum + 3 * L))
          .intoArray(sums, sum + 3 * L);
      sum += step;
    }
  }

  /**
   * Adds a multiple of the weights' code sums.
   *
   * @param codeSums sums {@code [row vectors][segments][lanes]}
   * @param at position of the first row vector's first segment
   * @param stride from one row vector to the next
   * @param weight the factor
   * @param sums added to
   * @param to position of the first segment
   * @param step from one segment to the next
   * @param segments how many segments
   */
  static void addCodeSums(
      MemorySegment codeSums,
      long at,
      long stride,
      int weight,
      int[] sums,
      int to,
      int step,
      int segments) {
    for (int s = 0; s < segments; s++) {
      int sum = to + s * step;
      long from = at + s * BYTES;
      for (int vector = 0; vector < 4; vector++) {
        IntVector.fromMemorySegment(Lanes.INT, codeSums, from + vector * stride, ORDER)
            .mul(weight)
            .add(IntVector.fromArray(Lanes.INT, sums, sum + vector * L))
            .intoArray(sums, sum + vector * L);
      }
    }
  }
}
