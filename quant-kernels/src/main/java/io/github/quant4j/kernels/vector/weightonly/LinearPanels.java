// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Decodes panels of evenly spaced codes of 8 bits by conversion. */
final class LinearPanels extends GroupPanels {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** Codes of a unit in which zero points are kept, as {@link MantissaBytes} counts. */
  private static final float RANGE = 256f;

  private static final int CODES_IN_WORD = Integer.BYTES;

  private final float factor;
  private final float offset;

  LinearPanels(
      PackedTiles packed, int groupWords, ScratchPool scratch, float factor, float offset) {
    super(packed, groupWords, scratch);
    this.factor = factor;
    this.offset = offset;
  }

  @Override
  void decode(MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    FloatVector s0 = FloatVector.fromArray(F, parameters, 0).mul(factor);
    FloatVector s1 = FloatVector.fromArray(F, parameters, LANES).mul(factor);
    FloatVector offsets = FloatVector.broadcast(F, offset);
    long next = at;
    for (int p = from; p < to; next += STEP) {
      IntVector v0 = IntVector.fromMemorySegment(I, words, next, ORDER);
      IntVector v1 = IntVector.fromMemorySegment(I, words, next + BYTES, ORDER);
      int end = Math.min(to, p + CODES_IN_WORD * WIDTH);
      for (; p < end; p += WIDTH) {
        ((FloatVector) v0.and(0xff).convert(VectorOperators.I2F, 0))
            .sub(offsets)
            .mul(s0)
            .intoArray(panel, p);
        ((FloatVector) v1.and(0xff).convert(VectorOperators.I2F, 0))
            .sub(offsets)
            .mul(s1)
            .intoArray(panel, p + LANES);
        v0 = v0.lanewise(VectorOperators.LSHR, Byte.SIZE);
        v1 = v1.lanewise(VectorOperators.LSHR, Byte.SIZE);
      }
    }
  }

  @Override
  void decodeShifted(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    FloatVector s0 = FloatVector.fromArray(F, parameters, 0).mul(factor);
    FloatVector s1 = FloatVector.fromArray(F, parameters, LANES).mul(factor);
    FloatVector z0 = FloatVector.fromArray(F, parameters, ZEROS).mul(RANGE);
    FloatVector z1 = FloatVector.fromArray(F, parameters, ZEROS + LANES).mul(RANGE);
    FloatVector offsets = FloatVector.broadcast(F, offset);
    long next = at;
    for (int p = from; p < to; next += STEP) {
      IntVector v0 = IntVector.fromMemorySegment(I, words, next, ORDER);
      IntVector v1 = IntVector.fromMemorySegment(I, words, next + BYTES, ORDER);
      int end = Math.min(to, p + CODES_IN_WORD * WIDTH);
      for (; p < end; p += WIDTH) {
        ((FloatVector) v0.and(0xff).convert(VectorOperators.I2F, 0))
            .sub(offsets)
            .sub(z0)
            .mul(s0)
            .intoArray(panel, p);
        ((FloatVector) v1.and(0xff).convert(VectorOperators.I2F, 0))
            .sub(offsets)
            .sub(z1)
            .mul(s1)
            .intoArray(panel, p + LANES);
        v0 = v0.lanewise(VectorOperators.LSHR, Byte.SIZE);
        v1 = v1.lanewise(VectorOperators.LSHR, Byte.SIZE);
      }
    }
  }
}
