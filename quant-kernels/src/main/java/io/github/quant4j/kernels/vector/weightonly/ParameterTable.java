// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.kernels.vector.Lanes;
import io.github.quant4j.kernels.vector.dense.HalfVectors;
import jdk.incubator.vector.FloatVector;
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
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;

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
        isFloat16 &= HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value)) == value;
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

  /** The parameters of one vector of rows of a tile for a group. */
  FloatVector load(int tile, int group, int vector) {
    if (float32) {
      return FloatVector.fromArray(
          F, floats, (tile * groups + group) * WordTiles.ROWS + vector * Lanes.FLOATS);
    }
    int at = (tile * ((groups + 1) >> 1) + (group >> 1)) * WordTiles.ROWS + vector * Lanes.FLOATS;
    IntVector pair = IntVector.fromArray(I, pairs, at);
    IntVector upper =
        (group & 1) == 0 ? pair.lanewise(VectorOperators.LSHL, 16) : pair.and(0xffff0000);
    return bfloat16 ? upper.reinterpretAsFloats() : HalfVectors.fromFloat16(upper);
  }

  int groups() {
    return groups;
  }

  long byteSize() {
    return 4L * floats.length + 4L * pairs.length;
  }

  @Override
  public String toString() {
    return encoding.toString();
  }
}
