// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Decoding of IEEE 754 binary16, for which the Vector API has no conversion. */
public final class HalfVectors {
  /**
   * Sign, and the 15 bits below it three places lower, where binary32 has them: what remains of the
   * bits after an arithmetic shift, for code that decodes finite values itself.
   */
  public static final int FIELDS = 0x8fffe000;

  private static final int MAGNITUDE = 0x0fffe000;

  /** The exponent of infinities and NaN, moved to its place in binary32. */
  private static final int SPECIAL = 0x0f800000;

  /** The difference of the exponent biases, 127 - 15. */
  public static final float REBIAS = 0x1p112f;

  private HalfVectors() {}

  /**
   * The values of numbers whose bits are the upper half of each lane; the lower half must be zero.
   *
   * <p>Exact for all values: an arithmetic shift moves the fields, and a multiplication by a power
   * of two puts the exponent right, subnormals included. Infinities and NaN have the largest
   * exponent set again.
   *
   * @param upper binary16 bits in bits 16 to 31
   * @return the values
   */
  public static FloatVector fromFloat16(IntVector upper) {
    IntVector fields = upper.lanewise(VectorOperators.ASHR, 3).and(FIELDS);
    VectorMask<Integer> special = fields.and(MAGNITUDE).compare(VectorOperators.GE, SPECIAL);
    IntVector scaled = fields.reinterpretAsFloats().mul(REBIAS).reinterpretAsInts();
    return scaled.lanewise(VectorOperators.OR, 0x7f800000, special).reinterpretAsFloats();
  }
}
