// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernel.TrellisArithmetic;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.trellis.TrellisStreams;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;
import java.util.Optional;

/** Trellis-coded weights times integer activations, as {@link TrellisArithmetic} defines it. */
public final class TrellisIntegerKernel extends PartitionedKernel {
  /** Tokens that are prepared at once. */
  private static final int BATCH = 64;

  /** Below this many multiplications another thread would not be awake before the work is done. */
  private static final long SMALL = 1 << 20;

  private static final int ROWS = TrellisStreams.PANEL;
  private static final int HALF = TrellisStreams.LANES / 2;

  private final TrellisStreams streams;
  private final TrellisLookup family;
  private final QuantizedInput.Maker inputs;
  private final Object inputKind;
  private final boolean hasZeros;

  // By the order of the sums: vectors, then even lanes, then odd ones.
  private final int[] places;
  private final float[] scales;
  private final int[] minuses;
  private final String description;

  private record InputKind(
      Object operandKind, SegmentLayout layout, int offset, ActivationQuantizer activations) {}

  private TrellisIntegerKernel(
      TrellisMatrix weights,
      ActivationQuantizer activations,
      TrellisArithmetic arithmetic,
      KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    this.streams = new TrellisStreams(weights, options.team());
    this.family = new TrellisLookup(streams, arithmetic.activationCodes().largestMagnitude());
    TokenQuantizer quantizer =
        new TokenQuantizer(activations, arithmetic.activationCodes(), family.layout());
    this.hasZeros = quantizer.hasZeros();
    int offset = -weights.code().largestMagnitude();
    this.inputs =
        new QuantizedInput.Maker(
            quantizer, family, TrellisLookup.FACTOR, offset, BATCH, options.scratch());
    this.inputKind = new InputKind(family.operandKind(), family.layout(), offset, activations);
    this.places = places();
    this.scales = new float[places.length];
    float[] rowScales = weights.scales();
    for (int i = 0; i < places.length; i++) {
      scales[i] = places[i] < 0 ? 0f : rowScales[places[i]];
    }
    this.minuses = hasZeros ? minuses(weights) : new int[0];
    this.description =
        "vector "
            + weights
            + ", "
            + activations.scheme()
            + " activations, "
            + family.name()
            + ", "
            + Lanes.BITS
            + "-bit vectors";
  }

  /**
   * A kernel for a pair that is multiplied in integers.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is none for the pair on this machine
   */
  public static Optional<LinearKernel> create(
      TrellisMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return TrellisArithmetic.of(weights, activations)
        .filter(
            arithmetic ->
                TrellisLookup.supports(
                    weights.code(), arithmetic.activationCodes().largestMagnitude()))
        .map(arithmetic -> new TrellisIntegerKernel(weights, activations, arithmetic, options));
  }

  /** The row of each sum of each panel, or -1. */
  private int[] places() {
    int[] rows = new int[streams.matrix().panels() * ROWS];
    for (int i = 0; i < rows.length; i++) {
      int vector = i % ROWS / TrellisStreams.LANES;
      int inVector = i % TrellisStreams.LANES;
      int row = streams.row(i / ROWS, vector, inVector % HALF * 2 + inVector / HALF);
      rows[i] = row < outFeatures() ? row : -1;
    }
    return rows;
  }

  /** Twice the magnitudes of all minuses of each row, which a zero point is multiplied by. */
  private int[] minuses(TrellisMatrix weights) {
    int[] result = new int[places.length];
    byte[] row = new byte[weights.columns()];
    for (int i = 0; i < places.length; i++) {
      if (places[i] >= 0) {
        weights.decodeIntegers(places[i], row, 0);
        int sum = weights.code().largestMagnitude() * row.length;
        for (byte value : row) {
          sum -= value;
        }
        result[i] = sum;
      }
    }
    return result;
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
    return inputs.bind(x, xOffset, tokens, false);
  }

  @Override
  protected int partCount(int tokens) {
    return (long) inFeatures() * outFeatures() * tokens < SMALL ? 1 : streams.matrix().panels();
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    QuantizedInput prepared = (QuantizedInput) input;
    ScratchPool scratch = options().scratch();
    boolean whole = partCount(tokens) == 1;
    int to = whole ? streams.matrix().panels() : part + 1;
    int[] sums = scratch.ints(SegmentSums.MOST_TOKENS * ROWS);
    for (int i = 0; i < prepared.tileCount(); i++) {
      Tile tile = prepared.tile(i);
      int at = yOffset + tile.firstToken * outFeatures();
      for (int panel = part; panel < to; panel++) {
        for (int t = 0; t < tile.tokens; t++) {
          Arrays.fill(sums, t * ROWS, (t + 1) * ROWS, tile.starts[tile.offset + t]);
        }
        family.add(tile, panel, 0, 1, sums, scratch);
        for (int t = 0; t < tile.tokens; t++) {
          store(tile, t, panel, sums, y, at + t * outFeatures());
        }
      }
    }
    scratch.release(sums);
  }

  private void store(Tile tile, int token, int panel, int[] sums, float[] y, int to) {
    float scale = tile.scales[tile.offset + token];
    int zero = hasZeros ? tile.zeros[tile.offset + token] : 0;
    int first = panel * ROWS;
    for (int i = 0; i < ROWS; i++) {
      int row = places[first + i];
      if (row >= 0) {
        int sum = sums[token * ROWS + i];
        if (hasZeros) {
          sum += zero * minuses[first + i];
        }
        y[to + row] = sum * (scales[first + i] * scale);
      }
    }
  }

  @Override
  public String describe() {
    return description;
  }
}
