// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.kernels.vector.machine.PlainLoops;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What {@link NibbleMultiply} computes, in plain loops over the same memory, for rows that have
 * nothing but scales and perhaps zero points. Sums of a segment are exact in both, and scaled by
 * the same operations, so results are equal.
 */
final class PlainNibbles {
  private static final int VIEWS = 4;

  private final NibbleMultiply family;
  private final RowParameters parameters;
  private final SegmentLayout layout;
  private final int rows;
  private final int words;
  private final int outFeatures;

  PlainNibbles(NibbleMultiply family, RowParameters parameters, int outFeatures) {
    this.family = family;
    this.parameters = parameters;
    this.layout = family.layout();
    this.rows = family.blockRows();
    this.words = layout.paddedColumns() / (2 * VIEWS);
    this.outFeatures = outFeatures;
  }

  /** Multiplies all tiles of an input that is not prepared for vectors by some blocks. */
  void multiply(
      QuantizedInput input, int from, int to, float[] y, int yOffset, ScratchPool scratch) {
    int most = Math.max(1, PlainLoops.ROWS / rows);
    for (int block = from; block < to; block += most) {
      slab(input, block, Math.min(most, to - block), y, yOffset, scratch);
    }
  }

  private void slab(
      QuantizedInput input, int block, int blocks, float[] y, int yOffset, ScratchPool scratch) {
    int count = blocks * rows;
    int segments = layout.segments();
    int[] packed = scratch.ints(count * words);
    MemorySegment memory = family.packed();
    MemorySegment.copy(memory, PackedMemory.INT, family.position(block), packed, 0, count * words);
    float[] scales = scratch.floats(count * segments);
    MemorySegment.copy(
        parameters.scales(),
        PackedMemory.FLOAT,
        parameters.scaleAt(block * rows),
        scales,
        0,
        count * segments);
    int[] zeros = scratch.ints(count * segments / 2);
    if (parameters.hasZeros()) {
      MemorySegment.copy(
          parameters.zeros(),
          PackedMemory.INT,
          parameters.zeroAt(block * rows),
          zeros,
          0,
          count * segments / 2);
    }
    int[] line = scratch.ints(count);
    float[] scale = scratch.floats(count);
    int[] sums = scratch.ints(SegmentSums.MOST_TOKENS * count);
    float[] outputs = scratch.floats(SegmentSums.MOST_TOKENS * count);
    for (int i = 0; i < input.tileCount(); i++) {
      Tile tile = input.tile(i);
      Arrays.fill(outputs, 0, tile.tokens * count, 0f);
      for (int s = 0; s < segments; s++) {
        start(tile, s, blocks, zeros, line, sums);
        add(tile, s, blocks, packed, line, sums);
        for (int b = 0; b < blocks; b++) {
          System.arraycopy(scales, (b * segments + s) * rows, scale, b * rows, rows);
        }
        for (int t = 0; t < tile.tokens; t++) {
          float factor = tile.scales[tile.offset + t * segments + s];
          PlainLoops.scale(count, sums, t * count, scale, factor, outputs, t * count);
        }
      }
      int kept = Math.min(count, outFeatures - block * rows);
      for (int t = 0; t < tile.tokens; t++) {
        int at = yOffset + (tile.firstToken + t) * outFeatures + block * rows;
        System.arraycopy(outputs, t * count, y, at, kept);
      }
    }
    scratch.release(outputs);
    scratch.release(sums);
    scratch.release(scale);
    scratch.release(line);
    scratch.release(zeros);
    scratch.release(scales);
    scratch.release(packed);
  }

  /** Sets the sums of a segment to what is known before any product. */
  private void start(Tile tile, int segment, int blocks, int[] zeros, int[] line, int[] sums) {
    int count = blocks * rows;
    if (parameters.hasZeros()) {
      unpackZeros(segment, blocks, zeros, line);
    }
    for (int t = 0; t < tile.tokens; t++) {
      int start = tile.starts[tile.offset + segment * tile.tokens + t];
      if (parameters.hasZeros()) {
        int sum = tile.valueSums[tile.offset + t * layout.segments() + segment];
        PlainLoops.start(count, start, line, sum, sums, t * count);
      } else {
        Arrays.fill(sums, t * count, (t + 1) * count, start);
      }
    }
  }

  /** Zero points lie in pairs of two row vectors. */
  private void unpackZeros(int segment, int blocks, int[] zeros, int[] line) {
    int lanes = Lanes.FLOATS;
    for (int b = 0; b < blocks; b++) {
      int from = (b * layout.segments() + segment) * (rows / 2);
      for (int r = 0; r < rows; r += 2 * lanes, from += lanes) {
        for (int i = 0; i < lanes; i++) {
          int pair = zeros[from + i];
          line[b * rows + r + i] = (short) pair;
          line[b * rows + r + lanes + i] = pair >> 16;
        }
      }
    }
  }

  private void add(Tile tile, int segment, int blocks, int[] packed, int[] line, int[] sums) {
    int count = blocks * rows;
    int unitWords = family.unitWords();
    int half = unitWords * VIEWS;
    int width = layout.paddedColumns();
    int perSegment = words / layout.segments();
    for (int w = segment * perSegment; w < (segment + 1) * perSegment; w++) {
      for (int b = 0; b < blocks; b++) {
        System.arraycopy(packed, (b * words + w) * rows, line, b * rows, rows);
      }
      int lower = QuantizedInput.GUARD + w / unitWords * layout.unit() + w % unitWords * VIEWS;
      for (int t = 0; t < tile.tokens; t++) {
        int at = lower + t * width;
        PlainLoops.addProducts(count, line, tile.values, at, at + half, sums, t * count);
      }
    }
  }
}
