// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of {@link RowParameters}: what happens to exact sums before and after.
 *
 * <p>They are methods of their own because a vector loop is compiled well only while its method is
 * small, and because vectors must not cross calls.
 */
final class RowVectors {
  private static final int L = Lanes.FLOATS;
  private static final long BYTES = L * (long) Integer.BYTES;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private RowVectors() {}

  /** {@code sums = values[i]} for {@code rows} rows, for each {@code i}. */
  static void set(int[] sums, int[] values, int first, int last, int rows) {
    int to = 0;
    for (int i = first; i < last; i++) {
      IntVector value = IntVector.broadcast(Lanes.INT, values[i]);
      for (int r = 0; r < rows; r += 2 * L) {
        value.intoArray(sums, to);
        value.intoArray(sums, to + L);
        to += 2 * L;
      }
    }
  }

  /** {@code sums -= factor * parameter}, for parameters {@code [vectors][segments][L]}. */
  static void subtract(
      int[] sums,
      int to,
      int step,
      int rows,
      MemorySegment parameters,
      long parametersFrom,
      int segments,
      int[] factors,
      int factorsFrom,
      int first,
      int last) {
    for (int s = first; s < last; s++) {
      int factor = factors[factorsFrom + s];
      int sum = to + (s - first) * step;
      long at = parametersFrom + s * BYTES;
      for (int r = 0; r < rows; r += L) {
        IntVector.fromArray(Lanes.INT, sums, sum + r)
            .sub(IntVector.fromMemorySegment(Lanes.INT, parameters, at, ORDER).mul(factor))
            .intoArray(sums, sum + r);
        at += segments * BYTES;
      }
    }
  }

  /** {@code sums -= factor * parameter} for two row vectors, whose parameters are pairs. */
  static void subtractPairs(
      int[] sums,
      int to,
      int step,
      MemorySegment pairs,
      long pairsFrom,
      long pairsStep,
      int[] factors,
      int factorsFrom,
      int segments) {
    int sum = to;
    long at = pairsFrom;
    for (int s = 0; s < segments; s++) {
      int factor = factors[factorsFrom + s];
      IntVector pair = IntVector.fromMemorySegment(Lanes.INT, pairs, at, ORDER);
      IntVector even = pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
      IntVector odd = pair.lanewise(VectorOperators.ASHR, 16);
      IntVector.fromArray(Lanes.INT, sums, sum).sub(even.mul(factor)).intoArray(sums, sum);
      IntVector.fromArray(Lanes.INT, sums, sum + L).sub(odd.mul(factor)).intoArray(sums, sum + L);
      sum += step;
      at += pairsStep;
    }
  }

  /** {@code outputs = fma(float(sums), scale * tokenScale, outputs)} for two row vectors. */
  static void scale(
      int[] sums,
      int from,
      int step,
      MemorySegment scales,
      long scaleFrom,
      long scaleStep,
      long segmentStep,
      float[] tokenScales,
      int tokenFrom,
      int first,
      int last,
      float[] outputs,
      int to) {
    FloatVector even = FloatVector.fromArray(Lanes.FLOAT, outputs, to);
    FloatVector odd = FloatVector.fromArray(Lanes.FLOAT, outputs, to + L);
    int at = from;
    long evenScale = scaleFrom + first * segmentStep;
    long oddScale = evenScale + scaleStep;
    for (int s = first; s < last; s++) {
      float tokenScale = tokenScales[tokenFrom + s];
      FloatVector evenSum =
          (FloatVector) IntVector.fromArray(Lanes.INT, sums, at).convert(VectorOperators.I2F, 0);
      FloatVector oddSum =
          (FloatVector)
              IntVector.fromArray(Lanes.INT, sums, at + L).convert(VectorOperators.I2F, 0);
      even =
          evenSum.fma(
              FloatVector.fromMemorySegment(Lanes.FLOAT, scales, evenScale, ORDER).mul(tokenScale),
              even);
      odd =
          oddSum.fma(
              FloatVector.fromMemorySegment(Lanes.FLOAT, scales, oddScale, ORDER).mul(tokenScale),
              odd);
      at += step;
      evenScale += segmentStep;
      oddScale += segmentStep;
    }
    even.intoArray(outputs, to);
    odd.intoArray(outputs, to + L);
  }

  /**
   * {@code pending += multiple * sums}, and at the end of each run {@code outputs =
   * fma(float(pending), rowScale * tokenScale, outputs)}, for two row vectors.
   */
  static void scaleMultiples(
      int[] sums,
      int from,
      int step,
      MemorySegment multiples,
      long multipleFrom,
      MemorySegment rowScales,
      long rowScaleFrom,
      float[] tokenScales,
      int tokenFrom,
      int first,
      int last,
      int segmentsInRun,
      float[] outputs,
      int[] pending,
      int to) {
    int at = from;
    int s = first;
    while (s < last) {
      int end = Math.min(last, (s / segmentsInRun + 1) * segmentsInRun);
      IntVector even = IntVector.fromArray(Lanes.INT, pending, to);
      IntVector odd = IntVector.fromArray(Lanes.INT, pending, to + L);
      for (; s < end; s++) {
        IntVector pair =
            IntVector.fromMemorySegment(Lanes.INT, multiples, multipleFrom + s * BYTES, ORDER);
        IntVector evenMultiple =
            pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        even = even.add(IntVector.fromArray(Lanes.INT, sums, at).mul(evenMultiple));
        odd =
            odd.add(
                IntVector.fromArray(Lanes.INT, sums, at + L)
                    .mul(pair.lanewise(VectorOperators.ASHR, 16)));
        at += step;
      }
      if (end % segmentsInRun == 0) {
        float tokenScale = tokenScales[tokenFrom + end - 1];
        FloatVector evenScale =
            FloatVector.fromMemorySegment(Lanes.FLOAT, rowScales, rowScaleFrom, ORDER)
                .mul(tokenScale);
        FloatVector oddScale =
            FloatVector.fromMemorySegment(Lanes.FLOAT, rowScales, rowScaleFrom + BYTES, ORDER)
                .mul(tokenScale);
        ((FloatVector) even.convert(VectorOperators.I2F, 0))
            .fma(evenScale, FloatVector.fromArray(Lanes.FLOAT, outputs, to))
            .intoArray(outputs, to);
        ((FloatVector) odd.convert(VectorOperators.I2F, 0))
            .fma(oddScale, FloatVector.fromArray(Lanes.FLOAT, outputs, to + L))
            .intoArray(outputs, to + L);
        even = IntVector.zero(Lanes.INT);
        odd = IntVector.zero(Lanes.INT);
      }
      even.intoArray(pending, to);
      odd.intoArray(pending, to + L);
    }
  }
}
