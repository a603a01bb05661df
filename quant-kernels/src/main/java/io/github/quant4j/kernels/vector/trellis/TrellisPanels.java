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
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/** Trellis-coded weights, decoded a panel at a time, for vectors of any width and any code. */
final class TrellisPanels implements PanelSource {
  private static final int WIDTH = RegisterTile.WIDTH;
  private static final int WORD = TrellisMatrix.WORD_COLUMNS;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final TrellisMatrix matrix;
  private final @Nullable TrellisStreams streams;
  private final TrellisCode.Plane[] planes;
  private final float[] scales;
  private final ScratchPool scratch;

  /**
   * Sets up.
   *
   * @param matrix the weights
   * @param streams the same weights packed, or null if there are no such vectors
   * @param scratch memory
   */
  TrellisPanels(TrellisMatrix matrix, @Nullable TrellisStreams streams, ScratchPool scratch) {
    assert TrellisMatrix.LANE_UNIT % WIDTH == 0 : "a panel lies in one of the matrix";
    this.matrix = matrix;
    this.streams = streams;
    this.planes = matrix.code().planes().toArray(TrellisCode.Plane[]::new);
    this.scales = Arrays.copyOf(matrix.scales(), TrellisMatrix.paddedRows(matrix.rows()));
    this.scratch = scratch;
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int[] odd = scratch.ints(planes.length * WIDTH);
    short[] lanes = scratch.shorts(TrellisStreams.LANES);
    int words = Math.ceilDiv(depth, WORD);
    for (int word = 0; word < words; word++) {
      for (int p = 0; p < planes.length; p++) {
        if (streams == null) {
          parities(planes[p].mask(), row, column / WORD + word, odd, p * WIDTH);
        } else {
          parities(streams, p, row, column / WORD + word, odd, p * WIDTH, lanes);
        }
      }
      decode(row, Math.min(WORD, depth - word * WORD), odd, panel, word * WORD * WIDTH);
    }
    scratch.release(lanes);
    scratch.release(odd);
  }

  /** The same from packed words, of which a load has more rows than are asked for. */
  private static void parities(
      TrellisStreams packed, int plane, int row, int word, int[] odd, int to, short[] lanes) {
    int panel = row / TrellisStreams.PANEL;
    int first = packed.firstLane(panel) + row % TrellisStreams.PANEL / TrellisStreams.VECTORS;
    long at = packed.at(panel) + word * TrellisStreams.WORD_BYTES;
    MemorySegment data = packed.data();
    for (int vector = 0; vector < TrellisStreams.VECTORS; vector++) {
      long[] taps = packed.tapsOf(vector);
      int tap = plane * TrellisStreams.TAPS;
      load(data, at + taps[tap])
          .lanewise(VectorOperators.XOR, load(data, at + taps[tap + 1]))
          .lanewise(VectorOperators.XOR, load(data, at + taps[tap + 2]))
          .intoArray(lanes, 0);
      for (int i = 0; i < WIDTH / TrellisStreams.VECTORS; i++) {
        odd[to + i * TrellisStreams.VECTORS + vector] = lanes[first + i];
      }
    }
  }

  private static ShortVector load(MemorySegment data, long at) {
    return ShortVector.fromMemorySegment(Lanes.SHORT, data, at, ByteOrder.LITTLE_ENDIAN);
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
        long at = matrix.offset(panel, bit % bits, word - 1, matrix.lanes(panel) - before);
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
