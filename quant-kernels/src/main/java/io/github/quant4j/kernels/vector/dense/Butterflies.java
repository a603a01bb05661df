// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.linalg.HadamardRotation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The fast Walsh-Hadamard transform: additions and subtractions of elements that are a power of two
 * apart, level by level.
 *
 * <p>Levels within a vector exchange lanes; above, three levels at a time are done in registers, so
 * that 4096 elements are read and written five times instead of thirteen.
 */
final class Butterflies {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final int LEVELS = 4;

  /** For each level within a vector the lane that each lane is combined with. */
  private static final int[] PARTNERS = new int[LEVELS * LANES];

  /** For each level 1 for lanes that are added to, -1 for lanes that are subtracted. */
  private static final float[] SIGNS = new float[LEVELS * LANES];

  static {
    for (int level = 0; level < LEVELS; level++) {
      for (int lane = 0; lane < LANES; lane++) {
        PARTNERS[level * LANES + lane] = (lane ^ 1 << level) % LANES;
        SIGNS[level * LANES + lane] = (lane & 1 << level) == 0 ? 1f : -1f;
      }
    }
  }

  private Butterflies() {}

  /** Rotates one token; the same as {@link HadamardRotation#apply} up to rounding. */
  static void rotate(
      HadamardRotation rotation, float[] x, int xOffset, float[] y, int yOffset, float[] scratch) {
    int size = rotation.size();
    if (rotation.isInverted()) {
      System.arraycopy(x, xOffset, y, yOffset, size);
    } else {
      scale(x, xOffset, rotation.signs(), rotation.factor(), y, yOffset);
    }
    transform(y, yOffset, size, rotation.power());
    if (rotation.baseSize() > 1) {
      for (int at = yOffset; at < yOffset + size; at += rotation.block()) {
        mixBase(rotation, y, at, scratch);
      }
    }
    if (rotation.isInverted()) {
      scale(y, yOffset, rotation.signs(), rotation.factor(), y, yOffset);
    }
  }

  /** Length of the scratch memory that a rotation needs. */
  static int scratchLength(HadamardRotation rotation) {
    return rotation.baseSize() * LANES;
  }

  private static void scale(
      float[] x, int xOffset, float[] signs, float factor, float[] y, int yOffset) {
    int size = signs.length;
    int whole = size - size % LANES;
    for (int i = 0; i < whole; i += LANES) {
      FloatVector.fromArray(F, x, xOffset + i)
          .mul(FloatVector.fromArray(F, signs, i))
          .mul(factor)
          .intoArray(y, yOffset + i);
    }
    for (int i = whole; i < size; i++) {
      y[yOffset + i] = x[xOffset + i] * signs[i] * factor;
    }
  }

  /** Transforms runs of {@code power} elements, a power of two. */
  static void transform(float[] y, int offset, int size, int power) {
    int to = offset + size - size % LANES;
    switch (Math.min(power, LANES)) {
      case 2 -> lanes2(y, offset, to);
      case 4 -> lanes4(y, offset, to);
      case 8 -> lanes8(y, offset, to);
      case 16 -> lanes16(y, offset, to);
      default -> {
        // Nothing is left of a level of one element.
      }
    }
    if (power < LANES) {
      for (int at = to; at < offset + size; at += power) {
        scalar(y, at, power);
      }
      return;
    }
    int half = LANES;
    for (; 8 * half <= power; half *= 8) {
      radix8(y, offset, to, half);
    }
    if (4 * half == power) {
      radix4(y, offset, to, half);
    } else if (2 * half == power) {
      radix2(y, offset, to, half);
    }
  }

  private static void scalar(float[] y, int start, int power) {
    for (int half = 1; half < power; half *= 2) {
      for (int i = start; i < start + power; i += 2 * half) {
        for (int j = i; j < i + half; j++) {
          float a = y[j];
          float b = y[j + half];
          y[j] = a + b;
          y[j + half] = a - b;
        }
      }
    }
  }

  private static void lanes2(float[] y, int from, int to) {
    IntVector i1 = IntVector.fromArray(I, PARTNERS, 0 * LANES);
    FloatVector s1 = FloatVector.fromArray(F, SIGNS, 0 * LANES);
    for (int at = from; at < to; at += LANES) {
      FloatVector v = FloatVector.fromArray(F, y, at);
      v = Lanes.multiplyAdd(v, s1, i1.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v.intoArray(y, at);
    }
  }

  private static void lanes4(float[] y, int from, int to) {
    IntVector i1 = IntVector.fromArray(I, PARTNERS, 0 * LANES);
    FloatVector s1 = FloatVector.fromArray(F, SIGNS, 0 * LANES);
    IntVector i2 = IntVector.fromArray(I, PARTNERS, 1 * LANES);
    FloatVector s2 = FloatVector.fromArray(F, SIGNS, 1 * LANES);
    for (int at = from; at < to; at += LANES) {
      FloatVector v = FloatVector.fromArray(F, y, at);
      v = Lanes.multiplyAdd(v, s1, i1.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v = Lanes.multiplyAdd(v, s2, i2.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v.intoArray(y, at);
    }
  }

  private static void lanes8(float[] y, int from, int to) {
    IntVector i1 = IntVector.fromArray(I, PARTNERS, 0 * LANES);
    FloatVector s1 = FloatVector.fromArray(F, SIGNS, 0 * LANES);
    IntVector i2 = IntVector.fromArray(I, PARTNERS, 1 * LANES);
    FloatVector s2 = FloatVector.fromArray(F, SIGNS, 1 * LANES);
    IntVector i4 = IntVector.fromArray(I, PARTNERS, 2 * LANES);
    FloatVector s4 = FloatVector.fromArray(F, SIGNS, 2 * LANES);
    for (int at = from; at < to; at += LANES) {
      FloatVector v = FloatVector.fromArray(F, y, at);
      v = Lanes.multiplyAdd(v, s1, i1.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v = Lanes.multiplyAdd(v, s2, i2.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v = Lanes.multiplyAdd(v, s4, i4.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v.intoArray(y, at);
    }
  }

  private static void lanes16(float[] y, int from, int to) {
    IntVector i1 = IntVector.fromArray(I, PARTNERS, 0 * LANES);
    FloatVector s1 = FloatVector.fromArray(F, SIGNS, 0 * LANES);
    IntVector i2 = IntVector.fromArray(I, PARTNERS, 1 * LANES);
    FloatVector s2 = FloatVector.fromArray(F, SIGNS, 1 * LANES);
    IntVector i4 = IntVector.fromArray(I, PARTNERS, 2 * LANES);
    FloatVector s4 = FloatVector.fromArray(F, SIGNS, 2 * LANES);
    IntVector i8 = IntVector.fromArray(I, PARTNERS, 3 * LANES);
    FloatVector s8 = FloatVector.fromArray(F, SIGNS, 3 * LANES);
    for (int at = from; at < to; at += LANES) {
      FloatVector v = FloatVector.fromArray(F, y, at);
      v = Lanes.multiplyAdd(v, s1, i1.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v = Lanes.multiplyAdd(v, s2, i2.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v = Lanes.multiplyAdd(v, s4, i4.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v = Lanes.multiplyAdd(v, s8, i8.selectFrom(v.reinterpretAsInts()).reinterpretAsFloats());
      v.intoArray(y, at);
    }
  }

  /** 3 levels at once, so that 8 vectors are loaded and stored once. */
  private static void radix8(float[] y, int from, int to, int half) {
    for (int block = from; block < to; block += 8 * half) {
      for (int at = block; at < block + half; at += LANES) {
        FloatVector a0 = FloatVector.fromArray(F, y, at);
        FloatVector a1 = FloatVector.fromArray(F, y, at + half);
        FloatVector a2 = FloatVector.fromArray(F, y, at + 2 * half);
        FloatVector a3 = FloatVector.fromArray(F, y, at + 3 * half);
        FloatVector a4 = FloatVector.fromArray(F, y, at + 4 * half);
        FloatVector a5 = FloatVector.fromArray(F, y, at + 5 * half);
        FloatVector a6 = FloatVector.fromArray(F, y, at + 6 * half);
        FloatVector a7 = FloatVector.fromArray(F, y, at + 7 * half);
        FloatVector b0 = a0.add(a1);
        FloatVector b1 = a0.sub(a1);
        FloatVector b2 = a2.add(a3);
        FloatVector b3 = a2.sub(a3);
        FloatVector b4 = a4.add(a5);
        FloatVector b5 = a4.sub(a5);
        FloatVector b6 = a6.add(a7);
        FloatVector b7 = a6.sub(a7);
        FloatVector c0 = b0.add(b2);
        FloatVector c1 = b1.add(b3);
        FloatVector c2 = b0.sub(b2);
        FloatVector c3 = b1.sub(b3);
        FloatVector c4 = b4.add(b6);
        FloatVector c5 = b5.add(b7);
        FloatVector c6 = b4.sub(b6);
        FloatVector c7 = b5.sub(b7);
        FloatVector d0 = c0.add(c4);
        FloatVector d1 = c1.add(c5);
        FloatVector d2 = c2.add(c6);
        FloatVector d3 = c3.add(c7);
        FloatVector d4 = c0.sub(c4);
        FloatVector d5 = c1.sub(c5);
        FloatVector d6 = c2.sub(c6);
        FloatVector d7 = c3.sub(c7);
        d0.intoArray(y, at);
        d1.intoArray(y, at + half);
        d2.intoArray(y, at + 2 * half);
        d3.intoArray(y, at + 3 * half);
        d4.intoArray(y, at + 4 * half);
        d5.intoArray(y, at + 5 * half);
        d6.intoArray(y, at + 6 * half);
        d7.intoArray(y, at + 7 * half);
      }
    }
  }

  /** 2 levels at once, so that 4 vectors are loaded and stored once. */
  private static void radix4(float[] y, int from, int to, int half) {
    for (int block = from; block < to; block += 4 * half) {
      for (int at = block; at < block + half; at += LANES) {
        FloatVector a0 = FloatVector.fromArray(F, y, at);
        FloatVector a1 = FloatVector.fromArray(F, y, at + half);
        FloatVector a2 = FloatVector.fromArray(F, y, at + 2 * half);
        FloatVector a3 = FloatVector.fromArray(F, y, at + 3 * half);
        FloatVector b0 = a0.add(a1);
        FloatVector b1 = a0.sub(a1);
        FloatVector b2 = a2.add(a3);
        FloatVector b3 = a2.sub(a3);
        FloatVector c0 = b0.add(b2);
        FloatVector c1 = b1.add(b3);
        FloatVector c2 = b0.sub(b2);
        FloatVector c3 = b1.sub(b3);
        c0.intoArray(y, at);
        c1.intoArray(y, at + half);
        c2.intoArray(y, at + 2 * half);
        c3.intoArray(y, at + 3 * half);
      }
    }
  }

  /** 1 levels at once, so that 2 vectors are loaded and stored once. */
  private static void radix2(float[] y, int from, int to, int half) {
    for (int block = from; block < to; block += 2 * half) {
      for (int at = block; at < block + half; at += LANES) {
        FloatVector a0 = FloatVector.fromArray(F, y, at);
        FloatVector a1 = FloatVector.fromArray(F, y, at + half);
        FloatVector b0 = a0.add(a1);
        FloatVector b1 = a0.sub(a1);
        b0.intoArray(y, at);
        b1.intoArray(y, at + half);
      }
    }
  }

  /** The block as a {@code [m, power]} matrix, multiplied from the left by K^T, or by K to undo. */
  private static void mixBase(HadamardRotation rotation, float[] y, int start, float[] scratch) {
    int m = rotation.baseSize();
    int power = rotation.power();
    // Element (a, b) of the factor.
    int row = rotation.isInverted() ? m : 1;
    int column = rotation.isInverted() ? 1 : m;
    int whole = power - power % LANES;
    for (int c = start; c < start + whole; c += LANES) {
      for (int b = 0; b < m; b++) {
        System.arraycopy(y, c + b * power, scratch, b * LANES, LANES);
      }
      // Bases are multiples of four.
      for (int a = 0; a < m; a += 4) {
        mixRows(rotation.baseMatrix(), a * row, row, column, m, scratch, y, c + a * power, power);
      }
    }
    for (int c = start + whole; c < start + power; c++) {
      for (int b = 0; b < m; b++) {
        scratch[b] = y[c + b * power];
      }
      for (int a = 0; a < m; a++) {
        float sum = 0;
        for (int b = 0; b < m; b++) {
          sum += rotation.baseMatrix()[a * row + b * column] * scratch[b];
        }
        y[c + a * power] = sum;
      }
    }
  }

  private static void mixRows(
      float[] base,
      int from,
      int row,
      int column,
      int m,
      float[] columns,
      float[] y,
      int to,
      int power) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int at = from;
    for (int b = 0; b < m; b++, at += column) {
      FloatVector v = FloatVector.fromArray(F, columns, b * LANES);
      s0 = Lanes.multiplyAdd(FloatVector.broadcast(F, base[at]), v, s0);
      s1 = Lanes.multiplyAdd(FloatVector.broadcast(F, base[at + row]), v, s1);
      s2 = Lanes.multiplyAdd(FloatVector.broadcast(F, base[at + 2 * row]), v, s2);
      s3 = Lanes.multiplyAdd(FloatVector.broadcast(F, base[at + 3 * row]), v, s3);
    }
    s0.intoArray(y, to);
    s1.intoArray(y, to + power);
    s2.intoArray(y, to + 2 * power);
    s3.intoArray(y, to + 3 * power);
  }
}
