// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.kernels.vector.dense.RegisterTile;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Trellis-coded weights, decoded a panel at a time, for vectors of any width and any code. */
final class TrellisPanels implements PanelSource {
  private static final int WIDTH = RegisterTile.WIDTH;
  private static final int WORD = TrellisMatrix.WORD_COLUMNS;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final TrellisMatrix matrix;
  private final TrellisCode.Plane[] planes;
  private final float[] scales;
  private final ScratchPool scratch;

  TrellisPanels(TrellisMatrix matrix, ScratchPool scratch) {
    assert TrellisMatrix.LANE_UNIT % WIDTH == 0 : "a panel lies in one of the matrix";
    this.matrix = matrix;
    this.planes = matrix.code().planes().toArray(TrellisCode.Plane[]::new);
    this.scales = Arrays.copyOf(matrix.scales(), TrellisMatrix.paddedRows(matrix.rows()));
    this.scratch = scratch;
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int[] odd = scratch.ints(planes.length * WIDTH);
    int words = Math.ceilDiv(depth, WORD);
    for (int word = 0; word < words; word++) {
      for (int p = 0; p < planes.length; p++) {
        parities(planes[p].mask(), row, column / WORD + word, odd, p * WIDTH);
      }
      decode(row, Math.min(WORD, depth - word * WORD), odd, panel, word * WORD * WIDTH);
    }
    scratch.release(odd);
  }

  /** The parities of the masked states of 16 columns for each row, one in each bit. */
  private void parities(int mask, int row, int word, int[] odd, int to) {
    int panel = row / TrellisMatrix.PANEL_ROWS;
    int lane = row % TrellisMatrix.PANEL_ROWS;
    int bits = matrix.code().bits();
    MemorySegment data = matrix.planes();
    Arrays.fill(odd, to, to + WIDTH, 0);
    for (int left = mask; left != 0; left &= left - 1) {
      int bit = Integer.numberOfTrailingZeros(left);
      int from = lane - bit / bits;
      int before = Math.max(0, -from);
      if (before > 0 && word > 0) {
        long at =
            matrix.offset(panel, bit % bits, word - 1, matrix.lanes(panel) - before);
        for (int i = 0; i < before; i++) {
          odd[to + i] ^= data.get(SHORT, at + i * (long) Short.BYTES);
        }
      }
      long at = matrix.offset(panel, bit % bits, word, from + before);
      for (int i = before; i < WIDTH; i++) {
        odd[to + i] ^= data.get(SHORT, at + (i - before) * (long) Short.BYTES);
      }
    }
  }

  private void decode(int row, int columns, int[] odd, float[] panel, int to) {
    int largest = matrix.code().largestMagnitude();
    for (int lane = 0; lane < WIDTH; lane += Lanes.FLOATS) {
      FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, scales, row + lane);
      for (int i = 0; i < columns; i++) {
        IntVector value = IntVector.broadcast(Lanes.INT, largest);
        for (int p = 0; p < planes.length; p++) {
          IntVector sign =
              IntVector.fromArray(Lanes.INT, odd, p * WIDTH + lane)
                  .lanewise(VectorOperators.LSHL, Integer.SIZE - 1 - i)
                  .lanewise(VectorOperators.ASHR, Integer.SIZE - 1);
          value = value.sub(sign.and(2 * planes[p].magnitude()));
        }
        ((FloatVector) value.convert(VectorOperators.I2F, 0))
            .mul(scale)
            .intoArray(panel, to + i * WIDTH + lane);
      }
    }
  }
}
