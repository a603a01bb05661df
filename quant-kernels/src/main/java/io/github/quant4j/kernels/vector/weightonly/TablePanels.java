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

/** Decodes panels of codes of 1, 2 or 4 bits by looking their values up. */
final class TablePanels extends GroupPanels {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private final float factor;
  private final int bits;
  private final int codesInWord;
  private final float[] table;

  TablePanels(
      PackedTiles packed,
      int groupWords,
      ScratchPool scratch,
      float factor,
      int bits,
      float[] table) {
    super(packed, groupWords, scratch);
    this.factor = factor;
    this.bits = bits;
    this.codesInWord = Integer.SIZE / bits;
    this.table = table;
  }

  @Override
  void decode(MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    if (LANES == Table16.SIZE) {
      wide(words, at, parameters, panel, from, to);
    } else {
      narrow(words, at, parameters, panel, from, to);
    }
  }

  private void wide(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    FloatVector s0 = FloatVector.fromArray(F, parameters, 0).mul(factor);
    FloatVector s1 = FloatVector.fromArray(F, parameters, LANES).mul(factor);
    IntVector entries = FloatVector.fromArray(F, table, 0).reinterpretAsInts();
    long next = at;
    for (int p = from; p < to; next += STEP) {
      IntVector v0 = IntVector.fromMemorySegment(I, words, next, ORDER);
      IntVector v1 = IntVector.fromMemorySegment(I, words, next + BYTES, ORDER);
      int end = Math.min(to, p + codesInWord * WIDTH);
      for (; p < end; p += WIDTH) {
        v0.selectFrom(entries).reinterpretAsFloats().mul(s0).intoArray(panel, p);
        v1.selectFrom(entries).reinterpretAsFloats().mul(s1).intoArray(panel, p + LANES);
        v0 = v0.lanewise(VectorOperators.LSHR, bits);
        v1 = v1.lanewise(VectorOperators.LSHR, bits);
      }
    }
  }

  @Override
  void decodeShifted(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    if (LANES == Table16.SIZE) {
      wideShifted(words, at, parameters, panel, from, to);
    } else {
      narrowShifted(words, at, parameters, panel, from, to);
    }
  }

  private void wideShifted(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    FloatVector s0 = FloatVector.fromArray(F, parameters, 0).mul(factor);
    FloatVector s1 = FloatVector.fromArray(F, parameters, LANES).mul(factor);
    FloatVector z0 = FloatVector.fromArray(F, parameters, ZEROS);
    FloatVector z1 = FloatVector.fromArray(F, parameters, ZEROS + LANES);
    IntVector entries = FloatVector.fromArray(F, table, 0).reinterpretAsInts();
    long next = at;
    for (int p = from; p < to; next += STEP) {
      IntVector v0 = IntVector.fromMemorySegment(I, words, next, ORDER);
      IntVector v1 = IntVector.fromMemorySegment(I, words, next + BYTES, ORDER);
      int end = Math.min(to, p + codesInWord * WIDTH);
      for (; p < end; p += WIDTH) {
        v0.selectFrom(entries).reinterpretAsFloats().sub(z0).mul(s0).intoArray(panel, p);
        v1.selectFrom(entries).reinterpretAsFloats().sub(z1).mul(s1).intoArray(panel, p + LANES);
        v0 = v0.lanewise(VectorOperators.LSHR, bits);
        v1 = v1.lanewise(VectorOperators.LSHR, bits);
      }
    }
  }

  private void narrow(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    FloatVector s0 = FloatVector.fromArray(F, parameters, 0).mul(factor);
    FloatVector s1 = FloatVector.fromArray(F, parameters, LANES).mul(factor);
    IntVector u0 = Table16.load(table, 0, 0);
    IntVector u1 = Table16.load(table, 0, 1);
    IntVector u2 = Table16.load(table, 0, 2);
    IntVector u3 = Table16.load(table, 0, 3);
    long next = at;
    for (int p = from; p < to; next += STEP) {
      IntVector v0 = IntVector.fromMemorySegment(I, words, next, ORDER);
      IntVector v1 = IntVector.fromMemorySegment(I, words, next + BYTES, ORDER);
      int end = Math.min(to, p + codesInWord * WIDTH);
      for (; p < end; p += WIDTH) {
        Table16.lookUp(v0, u0, u1, u2, u3).mul(s0).intoArray(panel, p);
        Table16.lookUp(v1, u0, u1, u2, u3).mul(s1).intoArray(panel, p + LANES);
        v0 = v0.lanewise(VectorOperators.LSHR, bits);
        v1 = v1.lanewise(VectorOperators.LSHR, bits);
      }
    }
  }

  private void narrowShifted(
      MemorySegment words, long at, float[] parameters, float[] panel, int from, int to) {
    FloatVector s0 = FloatVector.fromArray(F, parameters, 0).mul(factor);
    FloatVector s1 = FloatVector.fromArray(F, parameters, LANES).mul(factor);
    FloatVector z0 = FloatVector.fromArray(F, parameters, ZEROS);
    FloatVector z1 = FloatVector.fromArray(F, parameters, ZEROS + LANES);
    IntVector u0 = Table16.load(table, 0, 0);
    IntVector u1 = Table16.load(table, 0, 1);
    IntVector u2 = Table16.load(table, 0, 2);
    IntVector u3 = Table16.load(table, 0, 3);
    long next = at;
    for (int p = from; p < to; next += STEP) {
      IntVector v0 = IntVector.fromMemorySegment(I, words, next, ORDER);
      IntVector v1 = IntVector.fromMemorySegment(I, words, next + BYTES, ORDER);
      int end = Math.min(to, p + codesInWord * WIDTH);
      for (; p < end; p += WIDTH) {
        Table16.lookUp(v0, u0, u1, u2, u3).sub(z0).mul(s0).intoArray(panel, p);
        Table16.lookUp(v1, u0, u1, u2, u3).sub(z1).mul(s1).intoArray(panel, p + LANES);
        v0 = v0.lanewise(VectorOperators.LSHR, bits);
        v1 = v1.lanewise(VectorOperators.LSHR, bits);
      }
    }
  }
}
