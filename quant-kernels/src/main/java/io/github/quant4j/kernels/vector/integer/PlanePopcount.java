// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernel.AffineCodes;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Bit planes of both sides, multiplied by conjunction and counting: for activations of few bits
 * (ABQ-LLM, Zeng et al., arXiv 2408.08554).
 *
 * <p>With weight codes {@code c} and activation codes {@code d}, both from 0,
 *
 * <pre>sum c_k d_k = sum_ij 2^(i+j) |W_i and D_j|</pre>
 *
 * and activation values {@code g d - h} follow by the sum of the weight codes of each row and
 * segment, which is stored. The work is that of the product of the bits.
 */
final class PlanePopcount extends SegmentSums {
  /** Inputs of a word. */
  static final int WORD = Integer.SIZE;

  private static final int MOST_BITS = 4;
  private static final int ROW_VECTORS = 4;

  private final int weightPlanes;
  private final int activationPlanes;
  private final AffineCodes activationCodes;
  private final int factor;
  private final int wordsInSegment;
  private final int wordsInStream;
  private final MemorySegment packed;
  private final MemorySegment codeSums;

  /**
   * Packs codes.
   *
   * @param weights codes of at most 4 bits
   * @param factor what activation values are multiplied by
   * @param activationCodes the form of the activations, at most 4 bits
   * @param layout segments, with a unit of {@link #WORD}
   * @param team the threads
   */
  PlanePopcount(
      WeightSource weights,
      int factor,
      AffineCodes activationCodes,
      SegmentLayout layout,
      WorkerTeam team) {
    super(layout, ROW_VECTORS * Lanes.FLOATS);
    this.weightPlanes = weights.bits();
    this.activationPlanes = bits(activationCodes.maximumCode());
    this.activationCodes = activationCodes;
    this.factor = factor;
    this.wordsInSegment = layout.paddedLength() / WORD;
    this.wordsInStream = layout.paddedColumns() / WORD;
    int vectors = Math.ceilDiv(weights.rows(), blockRows()) * ROW_VECTORS;
    int rows = vectors * Lanes.FLOATS;
    this.packed =
        weights.part("words", PackedMemory.INT, (long) rows * weightPlanes * wordsInStream);
    this.codeSums = weights.part("plane_sums", PackedMemory.INT, (long) rows * layout.segments());
    weights.matrix().ifPresent(matrix -> team.run(vectors, vector -> pack(matrix.codes(), vector)));
  }

  /**
   * Whether there are few enough bits.
   *
   * @param weightBits bits of a weight code
   * @param activationCodes the form of the activations
   */
  static boolean supports(int weightBits, AffineCodes activationCodes) {
    return weightBits <= MOST_BITS && bits(activationCodes.maximumCode()) <= MOST_BITS;
  }

  private static int bits(int largest) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(largest);
  }

  private void pack(PackedCodes codes, int vector) {
    SegmentLayout layout = layout();
    int lanes = Lanes.FLOATS;
    byte[] row = new byte[layout.columns()];
    for (int lane = 0; lane < lanes; lane++) {
      int index = vector * lanes + lane;
      if (index >= codes.rows()) {
        return;
      }
      codes.unpackRow(index, row, 0);
      for (int column = 0; column < row.length; column++) {
        int at = layout.padded(column);
        int segment = column / layout.segmentLength();
        long sum = ((long) vector * layout.segments() + segment) * lanes + lane;
        codeSums.setAtIndex(
            PackedMemory.INT, sum, codeSums.getAtIndex(PackedMemory.INT, sum) + row[column]);
        for (int plane = 0; plane < weightPlanes; plane++) {
          long stream = (long) vector * weightPlanes + plane;
          long to = (stream * wordsInStream + at / WORD) * lanes + lane;
          int bit = (row[column] >> plane & 1) << at % WORD;
          packed.setAtIndex(PackedMemory.INT, to, packed.getAtIndex(PackedMemory.INT, to) | bit);
        }
      }
    }
  }

  /** What the operands depend on. */
  private record OperandKind(int factor, AffineCodes activationCodes) {}

  @Override
  Object operandKind() {
    return new OperandKind(factor, activationCodes);
  }

  @Override
  MemorySegment packed() {
    return packed;
  }

  /** The operands are the bits of the activation codes, {@code [tokens][planes][words]}. */
  @Override
  void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    SegmentLayout layout = layout();
    int size = activationPlanes * wordsInStream;
    int[] operands = scratch.ints(tile.tokens * size);
    int[] codes = scratch.ints(layout.paddedColumns());
    for (int t = 0; t < tile.tokens; t++) {
      int at = offset + t * layout.paddedColumns();
      for (int i = 0; i < layout.paddedColumns(); i++) {
        // In the padding this may be off the grid; weight codes are 0 there.
        codes[i] = (values[at + i] / factor + activationCodes.offset()) / activationCodes.factor();
      }
      for (int plane = 0; plane < activationPlanes; plane++) {
        packPlane(codes, plane, operands, t * size + plane * wordsInStream);
      }
      for (int s = 0; s < layout.segments(); s++) {
        tile.starts[tile.offset + s * tile.tokens + t] = 0;
      }
    }
    scratch.release(codes);
    tile.operands = operands;
  }

  private void packPlane(int[] codes, int plane, int[] target, int to) {
    for (int word = 0; word < wordsInStream; word++) {
      int bits = 0;
      for (int i = 0; i < WORD; i += Lanes.FLOATS) {
        long mask =
            IntVector.fromArray(Lanes.INT, codes, word * WORD + i)
                .and(1 << plane)
                .compare(VectorOperators.NE, 0)
                .toLong();
        bits |= (int) mask << i;
      }
      target[to + word] = bits;
    }
  }

  @Override
  void add(Tile tile, int block, int first, int last, int[] sums, ScratchPool scratch) {
    int lanes = Lanes.FLOATS;
    int segments = layout().segments();
    long vectorBytes = lanes * (long) Integer.BYTES;
    long planeStride = wordsInStream * vectorBytes;
    long at =
        (long) block * ROW_VECTORS * weightPlanes * planeStride
            + (long) first * wordsInSegment * vectorBytes;
    long codeSumsAt = ((long) block * ROW_VECTORS * segments + first) * vectorBytes;
    int step = tile.tokens * blockRows();
    for (int t = 0; t < tile.tokens; t++) {
      int to = t * blockRows();
      PopcountLoops.addCodeSums(
          codeSums,
          codeSumsAt,
          segments * vectorBytes,
          -factor * activationCodes.offset(),
          sums,
          to,
          step,
          last - first);
      for (int j = 0; j < activationPlanes; j++) {
        int bits = (t * activationPlanes + j) * wordsInStream + first * wordsInSegment;
        for (int i = 0; i < weightPlanes; i++) {
          PopcountLoops.addPlanes(
              packed,
              at + i * planeStride,
              weightPlanes * planeStride,
              vectorBytes,
              tile.operands,
              bits,
              wordsInSegment,
              last - first,
              (factor * activationCodes.factor()) << (i + j),
              sums,
              to,
              step);
        }
      }
    }
  }

  @Override
  String name() {
    return weightPlanes + "x" + activationPlanes + " bit planes by counting";
  }
}
