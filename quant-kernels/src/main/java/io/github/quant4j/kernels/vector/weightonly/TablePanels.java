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

/** Decodes panels of codes of 1, 2 or 4 bits by looking their values up. */
final class TablePanels implements PanelSource {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final long BYTES = LANES * (long) Integer.BYTES;
  private static final int WIDTH = RegisterTile.WIDTH;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private final WordTiles tiles;
  private final int groupWords;
  private final ParameterTable scales;
  private final @Nullable ParameterTable zeros;
  private final float factor;
  private final int bits;
  private final float[] table;

  TablePanels(
      WordTiles tiles,
      int groupWords,
      ParameterTable scales,
      @Nullable ParameterTable zeros,
      float factor,
      int bits,
      float[] table) {
    this.tiles = tiles;
    this.groupWords = groupWords;
    this.scales = scales;
    this.zeros = zeros;
    this.factor = factor;
    this.bits = bits;
    this.table = table;
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int tile = row / WordTiles.ROWS;
    int vector = row % WordTiles.ROWS / LANES;
    int codesInWord = Integer.SIZE / bits;
    int word = column / codesInWord;
    MemorySegment words = tiles.data();
    long at = tiles.offset(tile, word) + vector * BYTES;
    FloatVector factors = FloatVector.broadcast(F, factor);
    ParameterTable zeroPoints = zeros;
    IntVector u0 = Table16.load(table, 0, 0);
    IntVector u1 = Table16.load(table, 0, 1);
    IntVector u2 = Table16.load(table, 0, 2);
    IntVector u3 = Table16.load(table, 0, 3);
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
        z0 = zeroPoints.load(tile, group, vector);
        z1 = zeroPoints.load(tile, group, vector + 1);
      }
      for (; word < end && to < last; word++, at += 4 * BYTES) {
        IntVector v0 = IntVector.fromMemorySegment(I, words, at, ORDER);
        IntVector v1 = IntVector.fromMemorySegment(I, words, at + BYTES, ORDER);
        for (int c = 0; c < codesInWord && to < last; c++, to += WIDTH) {
          Table16.lookUp(v0, u0, u1, u2, u3).sub(z0).mul(s0).intoArray(panel, to);
          Table16.lookUp(v1, u0, u1, u2, u3).sub(z1).mul(s1).intoArray(panel, to + LANES);
          v0 = v0.lanewise(VectorOperators.LSHR, bits);
          v1 = v1.lanewise(VectorOperators.LSHR, bits);
        }
      }
    }
  }
}
