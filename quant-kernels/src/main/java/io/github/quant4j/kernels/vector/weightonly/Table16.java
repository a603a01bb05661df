// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Look-up in 16 floats that lie in registers: one of 512 bits, two of 256 or four of 128.
 *
 * <p>Indices count modulo 16, so that neighbouring bits need not be masked off.
 */
final class Table16 {
  /** Entries of a table. */
  static final int SIZE = 16;

  private static final int LANES = Lanes.FLOATS;

  private Table16() {}

  /** One register of a table; registers beyond its end repeat the first. */
  static IntVector load(float[] table, int offset, int register) {
    int from = register * LANES < SIZE ? register * LANES : 0;
    return FloatVector.fromArray(Lanes.FLOAT, table, offset + from).reinterpretAsInts();
  }

  /** The entries that the lowest four bits of each lane name. */
  static FloatVector lookUp(
      IntVector index, IntVector t0, IntVector t1, IntVector t2, IntVector t3) {
    if (LANES == 16) {
      return index.selectFrom(t0).reinterpretAsFloats();
    }
    if (LANES == 8) {
      return either(index, 8, t0, t1).reinterpretAsFloats();
    }
    VectorMask<Integer> upper = index.and(8).compare(VectorOperators.NE, 0);
    return either(index, 4, t0, t1).blend(either(index, 4, t2, t3), upper).reinterpretAsFloats();
  }

  /** Two look-ups and a choice: without AVX-512 there is no look-up in two registers. */
  private static IntVector either(IntVector index, int bit, IntVector low, IntVector high) {
    VectorMask<Integer> upper = index.and(bit).compare(VectorOperators.NE, 0);
    return index.selectFrom(low).blend(index.selectFrom(high), upper);
  }
}
