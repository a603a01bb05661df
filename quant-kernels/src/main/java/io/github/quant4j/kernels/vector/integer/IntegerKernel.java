// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.AffineCodes;
import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/** Integer weights times integer activations, with sums of one of the families. */
final class IntegerKernel extends PartitionedKernel {
  /** Tokens that are prepared at once. */
  private static final int BATCH = 64;

  /** Sums between the two steps, in ints: half a first-level cache. */
  private static final int SUMS = 4096;

  /** Packed weights that a part reads; they stay in the second-level cache for all its tokens. */
  private static final int PART_BYTES = 1 << 18;

  /** Below this many multiplications another thread would not be awake before the work is done. */
  private static final long SMALL = 1 << 20;

  private final SegmentSums family;
  private final MemorySegment memory;
  private final RowParameters parameters;
  private final Optional<PlainNibbles> plain;
  private final QuantizedInput.Maker inputs;
  private final Object inputKind;
  private final String description;
  private final int blocks;
  private final int blocksInPart;

  /** Whatever a prepared input depends on. */
  private record InputKind(
      Object operandKind,
      SegmentLayout layout,
      AffineCodes weightCodes,
      ActivationQuantizer activations,
      boolean plain) {}

  /**
   * Puts a kernel together.
   *
   * @param weights the matrix, or what was packed of it
   * @param activations how the input is quantized
   * @param arithmetic what they give
   * @param family the packed codes
   * @param options threads and scratch memory
   */
  IntegerKernel(
      WeightSource weights,
      ActivationQuantizer activations,
      IntegerArithmetic arithmetic,
      SegmentSums family,
      KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    SegmentLayout layout = family.layout();
    TokenQuantizer quantizer =
        new TokenQuantizer(activations, arithmetic.activationCodes(), layout);
    this.family = family;
    this.memory = family.packed();
    this.blocks = Math.ceilDiv(weights.rows(), family.blockRows());
    this.parameters =
        RowParameters.of(
            weights,
            arithmetic,
            layout,
            blocks * family.blockRows(),
            family.panelVectors(),
            quantizer.hasZeros(),
            options.team());
    this.plain =
        family instanceof NibbleMultiply nibbles && parameters.isPlain()
            ? Optional.of(new PlainNibbles(nibbles, parameters, weights.rows()))
            : Optional.empty();
    this.inputs =
        new QuantizedInput.Maker(
            quantizer, family, arithmetic.weightCodes(), BATCH, options.scratch());
    this.inputKind =
        new InputKind(
            family.operandKind(), layout, arithmetic.weightCodes(), activations, plain.isPresent());
    long blockBytes = (memory.byteSize() + parameters.bytes()) / blocks;
    this.blocksInPart = Math.clamp(PART_BYTES / Math.max(1, blockBytes), 1, blocks);
    this.description =
        "vector "
            + weights.scheme()
            + " ["
            + weights.rows()
            + ", "
            + weights.columns()
            + "], "
            + activations.scheme()
            + " activations, "
            + family.name()
            + ", "
            + Lanes.BITS
            + "-bit vectors";
  }

  @Override
  protected Object inputKind() {
    return inputKind;
  }

  @Override
  protected int batchSize() {
    return BATCH;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    PackedMemory.requireOpen(memory);
    boolean cold = !ColdPhase.INTEGER_NIBBLES.isOver() && plain.isPresent();
    return inputs.bind(x, xOffset, tokens, cold);
  }

  @Override
  protected int partCount(int tokens) {
    return (long) inFeatures() * outFeatures() * tokens < SMALL
        ? 1
        : Math.ceilDiv(blocks, blocksInPart);
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    QuantizedInput prepared = (QuantizedInput) input;
    ScratchPool scratch = options().scratch();
    boolean whole = partCount(tokens) == 1;
    int from = whole ? 0 : part * blocksInPart;
    int to = whole ? blocks : Math.min(blocks, from + blocksInPart);
    int rows = family.blockRows();
    if (prepared.isPlain()) {
      ColdPhase.INTEGER_NIBBLES.takes(
          (long) tokens * (to - from) * family.blockRows() * inFeatures());
      plain.orElseThrow().multiply(prepared, from, to, y, yOffset, scratch);
      return;
    }
    int[] sums = scratch.ints(Math.max(SUMS, SegmentSums.MOST_TOKENS * rows));
    float[] outputs = scratch.floats(SegmentSums.MOST_TOKENS * rows);
    int[] pending = scratch.ints(SegmentSums.MOST_TOKENS * rows);
    for (int i = 0; i < prepared.tileCount(); i++) {
      Tile tile = prepared.tile(i);
      int tileOffset = yOffset + tile.firstToken * outFeatures();
      for (int block = from; block < to; block++) {
        multiplyBlock(tile, block, sums, outputs, pending, scratch);
        int row = block * rows;
        int count = Math.min(rows, outFeatures() - row);
        for (int t = 0; t < tile.tokens; t++) {
          System.arraycopy(outputs, t * rows, y, tileOffset + t * outFeatures() + row, count);
        }
      }
    }
    scratch.release(pending);
    scratch.release(outputs);
    scratch.release(sums);
  }

  private void multiplyBlock(
      Tile tile, int block, int[] sums, float[] outputs, int[] pending, ScratchPool scratch) {
    int rows = family.blockRows();
    int row = block * rows;
    int segments = family.layout().segments();
    int slice = Math.max(1, SUMS / (tile.tokens * rows));
    Arrays.fill(outputs, 0, tile.tokens * rows, 0f);
    if (parameters.isPlain() && family.addScaled(tile, block, parameters, outputs, scratch)) {
      return;
    }
    if (parameters.hasRowMultiples()) {
      Arrays.fill(pending, 0, tile.tokens * rows, 0);
    }
    for (int first = 0; first < segments; first += slice) {
      int last = Math.min(segments, first + slice);
      parameters.fill(tile, row, rows, first, last, sums);
      family.add(tile, block, first, last, sums, scratch);
      parameters.scale(tile, row, rows, first, last, sums, outputs, pending);
    }
  }

  @Override
  public String describe() {
    return description;
  }
}
