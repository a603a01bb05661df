// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.RowMultipleScaleCodec;
import io.github.quant4j.scheme.ScaleLayout;

/**
 * Integer weights times integer activations in plain Java: {@link IntegerArithmetic} word for word,
 * and thus the oracle of all integer kernels. Sums are in long, so that nothing can overflow.
 */
final class ScalarIntegerKernel implements LinearKernel {
  private static final int ROWS_IN_PART = 16;

  private final QuantizedMatrix weights;
  private final ActivationQuantizer activations;
  private final IntegerArithmetic arithmetic;
  private final WorkerTeam team;

  /** For each tile its factor inside the integer sum, and outside: one of them is the scale. */
  private final int[] multiples;

  private final float[] outerScales;

  ScalarIntegerKernel(
      QuantizedMatrix weights,
      ActivationQuantizer activations,
      IntegerArithmetic arithmetic,
      WorkerTeam team) {
    this.weights = weights;
    this.activations = activations;
    this.arithmetic = arithmetic;
    this.team = team;
    Grid grid = weights.grid();
    if (arithmetic.hasRowMultiples()) {
      this.multiples = RowMultipleScaleCodec.multiples(grid.scales());
      this.outerScales = RowMultipleScaleCodec.rowScales(grid.scales());
    } else {
      this.multiples = new int[0];
      this.outerScales = grid.scales().values();
    }
  }

  @Override
  public int inFeatures() {
    return weights.columns();
  }

  @Override
  public int outFeatures() {
    return weights.rows();
  }

  @Override
  public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    int in = inFeatures();
    int out = outFeatures();
    KernelArrays.require(this, x, xOffset, tokens, y, yOffset);
    int runs = in / arithmetic.runLength();
    byte[] codes = new byte[in];
    float[] scales = new float[runs];
    float[] zeros = new float[runs];
    for (int t = 0; t < tokens; t++) {
      activations.quantize(x, xOffset + t * in, in, codes, 0, scales, zeros);
      int to = yOffset + t * out;
      team.run(
          Math.ceilDiv(out, ROWS_IN_PART),
          part -> {
            byte[] row = new byte[in];
            int end = Math.min(out, (part + 1) * ROWS_IN_PART);
            for (int r = part * ROWS_IN_PART; r < end; r++) {
              weights.codes().unpackRow(r, row, 0);
              y[to + r] =
                  arithmetic.hasRowMultiples()
                      ? dotOfMultiples(r, row, codes, scales, zeros)
                      : dot(r, row, codes, scales, zeros);
            }
          });
    }
  }

  private float dot(int row, byte[] weightCodes, byte[] codes, float[] scales, float[] zeros) {
    ScaleLayout layout = weights.grid().layout();
    float sum = 0;
    for (int start = 0; start < weightCodes.length; start += arithmetic.segmentLength()) {
      int run = start / arithmetic.runLength();
      int tile = layout.index(row, start);
      long integer = segmentSum(tile, start, weightCodes, codes, (int) zeros[run]);
      sum = Math.fma((float) integer, outerScales[tile] * scales[run], sum);
    }
    return sum;
  }

  private float dotOfMultiples(
      int row, byte[] weightCodes, byte[] codes, float[] scales, float[] zeros) {
    ScaleLayout layout = weights.grid().layout();
    float rowScale = outerScales[row / layout.blockRows()];
    float sum = 0;
    for (int run = 0; run < scales.length; run++) {
      long integer = 0;
      int end = (run + 1) * arithmetic.runLength();
      for (int start = run * arithmetic.runLength();
          start < end;
          start += arithmetic.segmentLength()) {
        int tile = layout.index(row, start);
        integer += multiples[tile] * segmentSum(tile, start, weightCodes, codes, (int) zeros[run]);
      }
      sum = Math.fma((float) integer, rowScale * scales[run], sum);
    }
    return sum;
  }

  private long segmentSum(
      int tile, int start, byte[] weightCodes, byte[] codes, int activationZero) {
    int weightZero = (int) weights.grid().zeroPoint(tile);
    AffineCodes weightValues = arithmetic.weightCodes();
    AffineCodes activationValues = arithmetic.activationCodes();
    long integer = 0;
    for (int i = start; i < start + arithmetic.segmentLength(); i++) {
      long weight = (long) weightValues.value(weightCodes[i] & 0xff) - weightZero;
      integer += weight * (activationValues.value(codes[i] & 0xff) - activationZero);
    }
    return integer;
  }

  @Override
  public String describe() {
    return "scalar "
        + weights.scheme()
        + " ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], "
        + activations.scheme()
        + " activations";
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
