// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.kernels.vector.Lanes;
import io.github.quant4j.kernels.vector.dense.HalfVectors;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * A parameter (scale or zero point) of every group of every row, rows in lanes, for {@link
 * WordTiles}.
 *
 * <p>Values that all are BF16 or F16 numbers are kept so, two groups to an int lane: with small
 * groups, scales are a large part of the memory traffic. Nothing is rounded. Rows beyond the matrix
 * are 0.
 */
final class ParameterTable {
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;

  /** The upper half of a pair. */
  static final int UPPER = 0xffff0000;

  private enum Encoding {
    FLOAT32,
    BFLOAT16,
    FLOAT16
  }

  /** One parameter, by row and group. */
  @FunctionalInterface
  interface Source {
    float value(int row, int group);
  }

  private static final int[] NO_PAIRS = {};
  private static final float[] NO_FLOATS = {};

  private final Encoding encoding;
  private final boolean float32;
  private final boolean bfloat16;
  private final int groups;
  private final float[] floats;
  private final int[] pairs;

  private ParameterTable(Encoding encoding, int groups, float[] floats, int[] pairs) {
    this.encoding = encoding;
    this.float32 = encoding == Encoding.FLOAT32;
    this.bfloat16 = encoding == Encoding.BFLOAT16;
    this.groups = groups;
    this.floats = floats;
    this.pairs = pairs;
  }

  /** Tabulates the parameters of a matrix of {@code rows} rows. */
  static ParameterTable of(int rows, int groups, Source source) {
    boolean isBfloat16 = true;
    boolean isFloat16 = true;
    for (int row = 0; row < rows && (isBfloat16 || isFloat16); row++) {
      for (int group = 0; group < groups; group++) {
        float value = source.value(row, group);
        isBfloat16 &= (Float.floatToRawIntBits(value) & 0xffff) == 0;
        isFloat16 &=
            Float.isFinite(value)
                && HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value)) == value;
      }
    }
    int tiles = Math.ceilDiv(rows, WordTiles.ROWS);
    if (!isBfloat16 && !isFloat16) {
      float[] floats = new float[Math.multiplyExact(tiles * groups, WordTiles.ROWS)];
      for (int row = 0; row < rows; row++) {
        int at = row / WordTiles.ROWS * groups * WordTiles.ROWS + row % WordTiles.ROWS;
        for (int group = 0; group < groups; group++) {
          floats[at + group * WordTiles.ROWS] = source.value(row, group);
        }
      }
      return new ParameterTable(Encoding.FLOAT32, groups, floats, NO_PAIRS);
    }
    int pairsInRow = Math.ceilDiv(groups, 2);
    int[] pairs = new int[Math.multiplyExact(tiles * pairsInRow, WordTiles.ROWS)];
    for (int row = 0; row < rows; row++) {
      int at = row / WordTiles.ROWS * pairsInRow * WordTiles.ROWS + row % WordTiles.ROWS;
      for (int group = 0; group < groups; group++) {
        float value = source.value(row, group);
        short half = isBfloat16 ? HalfPrecision.toBfloat16(value) : HalfPrecision.toFloat16(value);
        pairs[at + (group >> 1) * WordTiles.ROWS] |= (half & 0xffff) << (group & 1) * 16;
      }
    }
    Encoding encoding = isBfloat16 ? Encoding.BFLOAT16 : Encoding.FLOAT16;
    return new ParameterTable(encoding, groups, NO_FLOATS, pairs);
  }

  /**
   * Decodes the parameters of a tile for some groups.
   *
   * @param tile which tile
   * @param group the first group, even
   * @param count how many
   * @param target receives {@code [count, ROWS]} parameters; with an odd count, anything for one
   *     group more
   * @param offset position of the first one
   */
  void decode(int tile, int group, int count, float[] target, int offset) {
    if (float32) {
      int from = (tile * groups + group) * WordTiles.ROWS;
      System.arraycopy(floats, from, target, offset, count * WordTiles.ROWS);
      return;
    }
    int from = pairIndex(tile, group);
    int pairCount = (count + 1) >> 1;
    if (bfloat16) {
      decodeBfloat16(from, pairCount, target, offset);
    } else {
      decodeFloat16(from, pairCount, target, offset);
    }
  }

  // Written out, one method for each encoding: vectors that two branches or a method that is not
  // inlined return lie on the heap, and this becomes a part of methods that are full already.

  private void decodeBfloat16(int from, int pairCount, float[] target, int offset) {
    int to = offset;
    for (int at = from; at < from + pairCount * WordTiles.ROWS; at += LANES, to += LANES) {
      if (at > from && (at - from) % WordTiles.ROWS == 0) {
        to += WordTiles.ROWS;
      }
      IntVector pair = IntVector.fromArray(I, pairs, at);
      pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, to);
      pair.and(UPPER).reinterpretAsFloats().intoArray(target, to + WordTiles.ROWS);
    }
  }

  private void decodeFloat16(int from, int pairCount, float[] target, int offset) {
    int to = offset;
    for (int at = from; at < from + pairCount * WordTiles.ROWS; at += LANES, to += LANES) {
      if (at > from && (at - from) % WordTiles.ROWS == 0) {
        to += WordTiles.ROWS;
      }
      IntVector pair = IntVector.fromArray(I, pairs, at);
      pair.lanewise(VectorOperators.LSHL, 16)
          .lanewise(VectorOperators.ASHR, 3)
          .and(HalfVectors.FIELDS)
          .reinterpretAsFloats()
          .mul(HalfVectors.REBIAS)
          .intoArray(target, to);
      pair.lanewise(VectorOperators.ASHR, 3)
          .and(HalfVectors.FIELDS)
          .reinterpretAsFloats()
          .mul(HalfVectors.REBIAS)
          .intoArray(target, to + WordTiles.ROWS);
    }
  }

  /**
   * Decodes the parameters of two vectors of rows for a group.
   *
   * @param tile which tile
   * @param group which group
   * @param vector the first vector
   * @param target receives the parameters
   * @param offset position of the first one
   */
  void load(int tile, int group, int vector, float[] target, int offset) {
    if (float32) {
      int from = (tile * groups + group) * WordTiles.ROWS + vector * LANES;
      System.arraycopy(floats, from, target, offset, 2 * LANES);
      return;
    }
    int at = pairIndex(tile, group) + vector * LANES;
    int shift = (group & 1) == 0 ? 16 : 0;
    for (int i = 0; i < 2 * LANES; i += LANES) {
      IntVector upper =
          IntVector.fromArray(I, pairs, at + i).lanewise(VectorOperators.LSHL, shift).and(UPPER);
      if (bfloat16) {
        upper.reinterpretAsFloats().intoArray(target, offset + i);
      } else {
        upper
            .lanewise(VectorOperators.ASHR, 3)
            .and(HalfVectors.FIELDS)
            .reinterpretAsFloats()
            .mul(HalfVectors.REBIAS)
            .intoArray(target, offset + i);
      }
    }
  }

  int groups() {
    return groups;
  }

  /** Whether all parameters are BF16 numbers and kept in {@link #pairs}. */
  boolean isBfloat16() {
    return bfloat16;
  }

  /** Pairs of parameters, that of the even group in the lower half. */
  int[] pairs() {
    return pairs;
  }

  /** Where the pairs of a tile that contain a group begin. */
  int pairIndex(int tile, int group) {
    return (tile * ((groups + 1) >> 1) + (group >> 1)) * WordTiles.ROWS;
  }

  long byteSize() {
    return 4L * floats.length + 4L * pairs.length;
  }

  @Override
  public String toString() {
    return encoding.toString();
  }
}
