// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** Weights and widens the sums that {@link LookupLoops} leaves for each plane. */
final class PlaneSums {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Float.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int STREAMS = 4;

  private PlaneSums() {}

  /**
   * Adds the sums of one token and one vector of 16-bit lanes, that is two row vectors.
   *
   * @param partial unsigned 16-bit sums, {@code [quads][units][tokens][streams][lanes]}
   * @param from position of the token
   * @param unitStep from one unit to the next
   * @param quadStep from one quad of streams to the next
   * @param stream the stream of the lowest plane, counted through all quads
   * @param planes how many planes follow each other
   * @param unitsInSegment units of a segment
   * @param segments how many segments
   * @param sums added to
   * @param to position of the first row of the first segment
   * @param segmentStep from one segment to the next
   */
  static void add(
      short[] partial,
      int from,
      int unitStep,
      int quadStep,
      int stream,
      int planes,
      int unitsInSegment,
      int segments,
      int[] sums,
      int to,
      int segmentStep) {
    int unit = from;
    for (int s = 0; s < segments; s++) {
      int at = to + s * segmentStep;
      IntVector even = IntVector.fromArray(Lanes.INT, sums, at);
      IntVector odd = IntVector.fromArray(Lanes.INT, sums, at + L);
      for (int u = 0; u < unitsInSegment; u++) {
        IntVector both = IntVector.zero(Lanes.INT);
        IntVector upper = both;
        for (int plane = planes - 1; plane >= 0; plane--) {
          int quad = (stream + plane) / STREAMS;
          int inQuad = (stream + plane) % STREAMS;
          IntVector sum =
              ShortVector.fromArray(Lanes.SHORT, partial, unit + quad * quadStep + inQuad * 2 * L)
                  .reinterpretAsInts();
          both = both.add(both).add(sum);
          upper = upper.add(upper).add(sum.lanewise(VectorOperators.LSHR, 16));
        }
        // Both halves together, less what belongs to the upper one, is the lower one.
        even = even.add(both.sub(upper.lanewise(VectorOperators.LSHL, 16)));
        odd = odd.add(upper);
        unit += unitStep;
      }
      even.intoArray(sums, at);
      odd.intoArray(sums, at + L);
    }
  }

  /**
   * Adds the scaled sums of one token and one vector of 16-bit lanes.
   *
   * @param partial unsigned 16-bit sums, {@code [quads][units][tokens][streams][lanes]}
   * @param from position of the token
   * @param unitStep from one unit to the next
   * @param quadStep from one quad of streams to the next
   * @param stream the stream of the lowest plane, counted through all quads
   * @param planes how many planes follow each other
   * @param unitsInSegment units of a segment
   * @param segments how many segments
   * @param tile the tokens
   * @param startsAt what the sums of the first segment start from
   * @param factorsAt the activation scale of the first segment
   * @param parameters scales and zero points
   * @param row the first row
   * @param first the first segment
   * @param outputs added to
   * @param to position of the first row
   */
  static void addScaled(
      short[] partial,
      int from,
      int unitStep,
      int quadStep,
      int stream,
      int planes,
      int unitsInSegment,
      int segments,
      Tile tile,
      int startsAt,
      int factorsAt,
      RowParameters parameters,
      int row,
      int first,
      float[] outputs,
      int to) {
    MemorySegment scales = parameters.scales();
    long scaleStep = parameters.scaleStep();
    long scale = parameters.scaleAt(row) + first * scaleStep;
    boolean hasZeros = parameters.hasZeros();
    MemorySegment zeros = parameters.zeros();
    long zeroStep = parameters.zeroStep();
    long zero = parameters.zeroAt(row) + first * zeroStep;
    FloatVector y0 = FloatVector.fromArray(Lanes.FLOAT, outputs, to);
    FloatVector y1 = FloatVector.fromArray(Lanes.FLOAT, outputs, to + L);
    int unit = from;
    for (int s = 0; s < segments; s++) {
      IntVector even = IntVector.broadcast(Lanes.INT, tile.starts[startsAt + s * tile.tokens]);
      IntVector odd = even;
      if (hasZeros) {
        int valueSum = tile.valueSums[factorsAt + s];
        IntVector pair = IntVector.fromMemorySegment(Lanes.INT, zeros, zero, ORDER);
        IntVector evenZero =
            pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        even = even.sub(evenZero.mul(valueSum));
        odd = odd.sub(pair.lanewise(VectorOperators.ASHR, 16).mul(valueSum));
        zero += zeroStep;
      }
      for (int u = 0; u < unitsInSegment; u++) {
        IntVector both = IntVector.zero(Lanes.INT);
        IntVector upper = both;
        for (int plane = planes - 1; plane >= 0; plane--) {
          int quad = (stream + plane) / STREAMS;
          int inQuad = (stream + plane) % STREAMS;
          IntVector sum =
              ShortVector.fromArray(Lanes.SHORT, partial, unit + quad * quadStep + inQuad * 2 * L)
                  .reinterpretAsInts();
          both = both.add(both).add(sum);
          upper = upper.add(upper).add(sum.lanewise(VectorOperators.LSHR, 16));
        }
        even = even.add(both.sub(upper.lanewise(VectorOperators.LSHL, 16)));
        odd = odd.add(upper);
        unit += unitStep;
      }
      float factor = tile.scales[factorsAt + s];
      y0 =
          ((FloatVector) even.convert(VectorOperators.I2F, 0))
              .fma(
                  FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale, ORDER).mul(factor), y0);
      y1 =
          ((FloatVector) odd.convert(VectorOperators.I2F, 0))
              .fma(
                  FloatVector.fromMemorySegment(Lanes.FLOAT, scales, scale + BYTES, ORDER)
                      .mul(factor),
                  y1);
      scale += scaleStep;
    }
    y0.intoArray(outputs, to);
    y1.intoArray(outputs, to + L);
  }
}
