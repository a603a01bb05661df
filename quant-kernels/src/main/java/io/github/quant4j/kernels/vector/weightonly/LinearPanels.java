// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.Lanes;
import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.kernels.vector.dense.RegisterTile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Decodes panels of evenly spaced codes of 8 bits by conversion. */
final class LinearPanels implements PanelSource {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final long BYTES = LANES * (long) Integer.BYTES;
  private static final int WIDTH = RegisterTile.WIDTH;

  /** Codes of a unit in which zero points are kept, as {@link MantissaBytes} counts. */
  private static final float RANGE = 256f;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private final WordTiles tiles;
  private final int groupWords;
  private final ParameterTable scales;
  private final @Nullable ParameterTable zeros;
  private final float factor;
  private final float offset;

  LinearPanels(
      WordTiles tiles,
      int groupWords,
      ParameterTable scales,
      @Nullable ParameterTable zeros,
      float factor,
      float offset) {
    this.tiles = tiles;
    this.groupWords = groupWords;
    this.scales = scales;
    this.zeros = zeros;
    this.factor = factor;
    this.offset = offset;
  }

  private static FloatVector decode(IntVector codes, FloatVector offsets) {
    return ((FloatVector) codes.and(0xff).convert(VectorOperators.I2F, 0)).sub(offsets);
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int tile = row / WordTiles.ROWS;
    int vector = row % WordTiles.ROWS / LANES;
    int codesInWord = Integer.BYTES;
    int word = column / codesInWord;
    MemorySegment words = tiles.data();
    long at = tiles.offset(tile, word) + vector * BYTES;
    FloatVector factors = FloatVector.broadcast(F, factor);
    ParameterTable zeroPoints = zeros;
    FloatVector offsets = FloatVector.broadcast(F, offset);
    int to = 0;
    int last = depth * WIDTH;
    while (to < last) {
      int group = word / groupWords;
      int end = Math.min(tiles.words(), (group + 1) * groupWords);
      FloatVector s0 = scales.load(tile, group, vector).mul(factors);
      FloatVector s1 = scales.load(tile, group, vector + 1).mul(factors);
      FloatVector z0 = FloatVector.zero(F);
      FloatVector z1 = z0;
      if (zeroPoints != null) {
        z0 = zeroPoints.load(tile, group, vector).mul(RANGE);
        z1 = zeroPoints.load(tile, group, vector + 1).mul(RANGE);
      }
      for (; word < end && to < last; word++, at += 4 * BYTES) {
        IntVector v0 = IntVector.fromMemorySegment(I, words, at, ORDER);
        IntVector v1 = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        for (int c = 0; c < codesInWord && to < last; c++, to += WIDTH) {
          decode(v0, offsets).sub(z0).mul(s0).intoArray(panel, to);
          decode(v1, offsets).sub(z1).mul(s1).intoArray(panel, to + LANES);
          v0 = v0.lanewise(VectorOperators.LSHR, Byte.SIZE);
          v1 = v1.lanewise(VectorOperators.LSHR, Byte.SIZE);
        }
      }
    }
  }
}
