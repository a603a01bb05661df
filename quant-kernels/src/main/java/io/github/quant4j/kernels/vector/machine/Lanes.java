// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.machine;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors that all kernels use: of the shape that the JVM prefers, at most 512 bits.
 *
 * <p>A wider shape than the preferred one is not compiled to instructions at all. The fields are
 * constants of the class, because a species that the compiler cannot see as a constant makes every
 * operation a call.
 */
public final class Lanes {
  private static final int WIDEST = 512;

  /** The shape. */
  public static final VectorShape SHAPE =
      VectorShape.forBitSize(Math.min(WIDEST, VectorShape.preferredShape().vectorBitSize()));

  /** The width of a vector: 128, 256 or 512. */
  public static final int BITS = SHAPE.vectorBitSize();

  /** Vectors of floats. */
  public static final VectorSpecies<Float> FLOAT = VectorSpecies.of(float.class, SHAPE);

  /** Vectors of ints, as many as there are floats. */
  public static final VectorSpecies<Integer> INT = VectorSpecies.of(int.class, SHAPE);

  /** Vectors of shorts. */
  public static final VectorSpecies<Short> SHORT = VectorSpecies.of(short.class, SHAPE);

  /** Vectors of bytes. */
  public static final VectorSpecies<Byte> BYTE = VectorSpecies.of(byte.class, SHAPE);

  /** Floats, or ints, of a vector: 4, 8 or 16. */
  public static final int FLOATS = BITS / Float.SIZE;

  /** Whether the CPU multiplies and adds in one instruction. */
  public static final boolean FUSED = VirtualMachine.hasFusedMultiplyAdd();

  /**
   * Whether bytes can be permuted over a whole vector, or two, in one instruction: AVX-512 VBMI, or
   * vectors of no more than 128 bits on AArch64. Where they cannot, each permutation is a loop.
   */
  public static final boolean BYTE_PERMUTATION =
      BITS == 512 && VirtualMachine.processorHas("avx512vbmi");

  /**
   * Whether there are 32 vector registers, as with AVX-512 and on AArch64, rather than 16; it
   * decides how large a register tile may be.
   */
  public static final boolean MANY_REGISTERS =
      BITS == 512 || System.getProperty("os.arch", "").equals("aarch64");

  private Lanes() {}

  /**
   * {@code a b + c}, rounded once where the CPU can do that quickly and twice elsewhere.
   *
   * @param a a factor
   * @param b a factor
   * @param c a summand
   * @return the sum
   */
  public static FloatVector multiplyAdd(FloatVector a, FloatVector b, FloatVector c) {
    return FUSED ? a.fma(b, c) : a.mul(b).add(c);
  }

  /**
   * {@code a b + c} for single numbers, rounded as the vector form rounds.
   *
   * @param a a factor
   * @param b a factor
   * @param c a summand
   * @return the sum
   */
  public static float multiplyAdd(float a, float b, float c) {
    return FUSED ? Math.fma(a, b, c) : a * b + c;
  }

  /**
   * The sum of the lanes of a stored vector, as a tree over halves.
   *
   * <p>Not {@link FloatVector#reduceLanes}, whose order is not specified and differs between the
   * interpreter and compiled code.
   *
   * @param lanes the stored vector; overwritten
   * @param offset position of its first lane
   * @return the sum
   */
  public static float sum(float[] lanes, int offset) {
    for (int half = FLOATS / 2; half > 2; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[offset + i] += lanes[offset + half + i];
      }
    }
    return (lanes[offset] + lanes[offset + 2]) + (lanes[offset + 1] + lanes[offset + 3]);
  }

  /**
   * What was chosen and why.
   *
   * @return part of a line
   */
  public static String describe() {
    return BITS
        + "-bit vectors ("
        + (BITS == VectorShape.preferredShape().vectorBitSize()
            ? "the shape that the JVM prefers here"
            : "the JVM prefers "
                + VectorShape.preferredShape().vectorBitSize()
                + ", kernels use at most "
                + WIDEST)
        + "), "
        + (FUSED ? "fused multiply-add" : "no fused multiply-add");
  }

  /** Refuses shapes that no kernel was written for. */
  public static boolean usable() {
    return BITS >= 128 && BYTE.length() == BITS / Byte.SIZE;
  }
}
