// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.lane.PanelLanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.RowMultipleScaleCodec;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * Integer weights times integer activations in plain Java, at less than the time of full-precision
 * weights. Gives exactly what {@link ScalarIntegerKernel} gives.
 *
 * <p>The integers are multiplied and summed in float, which is exact below 2^24 and for which the
 * JIT compiler has better vector code; longer sums are cut and put together in int.
 */
final class PanelIntegerKernel extends PartitionedKernel {
  private static final int TOKENS_IN_PART = 64;
  private static final int BATCH = 256;

  /** Below this, floats have all integers. */
  private static final long FLOAT_LIMIT = 1L << 24;

  /** Shorter sums than these would take as long to put together. */
  private static final int SHORTEST_SUM = 16;

  private final String description;
  private final IntegerInput.Kind inputKind;
  private final IntegerInput.Maker inputs;
  private final IntegerArithmetic arithmetic;
  private final WeightPanels panels;
  private final ScaleLayout layout;
  private final int longestSum;
  private final float[] scales;
  private final int[] multiples;
  private final int[] zeros;
  private final PanelWorkspace.Pool workspaces = new PanelWorkspace.Pool();

  private PanelIntegerKernel(
      QuantizedMatrix weights,
      WeightPanels panels,
      ActivationQuantizer activations,
      IntegerArithmetic arithmetic,
      int longestSum,
      KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    Grid grid = weights.grid();
    this.inputKind = new IntegerInput.Kind(activations, inFeatures());
    this.inputs = new IntegerInput.Maker(activations, arithmetic, inFeatures(), options.scratch());
    this.arithmetic = arithmetic;
    this.panels = panels;
    this.layout = grid.layout();
    this.longestSum = longestSum;
    if (arithmetic.hasRowMultiples()) {
      this.multiples = RowMultipleScaleCodec.multiples(grid.scales());
      this.scales = RowMultipleScaleCodec.rowScales(grid.scales());
    } else {
      this.multiples = new int[0];
      this.scales = grid.scales().values();
    }
    this.zeros = grid.zeroPoints().isEmpty() ? new int[0] : new int[layout.count()];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = (int) grid.zeroPoint(i);
    }
    this.description =
        "scalar "
            + weights.scheme()
            + " ["
            + outFeatures()
            + ", "
            + inFeatures()
            + "], "
            + activations.scheme()
            + " activations";
  }

  /** A kernel, or empty if the sums of a segment may exceed an int, or a level a byte. */
  static Optional<LinearKernel> of(
      QuantizedMatrix weights,
      ActivationQuantizer activations,
      IntegerArithmetic arithmetic,
      KernelOptions options) {
    Grid grid = weights.grid();
    double weightZero = 0;
    for (int i = 0; i < grid.layout().count(); i++) {
      weightZero = Math.max(weightZero, Math.abs(grid.zeroPoint(i)));
    }
    AffineCodes codes = arithmetic.activationCodes();
    double activationZero = activations.scheme().symmetric() ? 0 : codes.largestMagnitude();
    for (float zero : activations.staticZeros()) {
      activationZero = Math.max(activationZero, Math.abs(zero));
    }
    double input = codes.largestMagnitude() + activationZero;
    int level = arithmetic.weightCodes().largestMagnitude();
    double longest = Math.floor((FLOAT_LIMIT - 1) / (level * input));
    double total = arithmetic.segmentLength() * (level + weightZero) * input;
    if (longest < Math.min(SHORTEST_SUM, arithmetic.segmentLength())
        || !(total < Integer.MAX_VALUE)) {
      return Optional.empty();
    }
    int cut = (int) Math.min(longest, arithmetic.segmentLength());
    return BytePanels.ofNumbers(weights)
        .filter(panels -> panels.unit() == 1)
        .map(
            panels ->
                new PanelIntegerKernel(weights, panels, activations, arithmetic, cut, options));
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
    return inputs.bind(x, xOffset, tokens);
  }

  @Override
  protected int partCount(int tokens) {
    return panels.count() * Math.ceilDiv(tokens, TOKENS_IN_PART);
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    IntegerInput x = (IntegerInput) input;
    int panel = part % panels.count();
    int first = part / panels.count() * TOKENS_IN_PART;
    int last = Math.min(tokens, first + TOKENS_IN_PART);
    PanelWorkspace work = workspaces.borrow();
    for (int t = first; t < last; t += PanelWorkspace.TOKENS) {
      int count = Math.min(PanelWorkspace.TOKENS, last - t);
      multiply(panel, x, t, count, work);
      for (int i = 0; i < count; i++) {
        int to = yOffset + (t + i) * outFeatures() + panel * WeightPanels.ROWS;
        System.arraycopy(work.outputs[i], 0, y, to, panels.height(panel));
      }
    }
    workspaces.release(work);
  }

  /** Some tokens times a panel, to the workspace. */
  private void multiply(int panel, IntegerInput x, int token, int tokens, PanelWorkspace work) {
    int in = inFeatures();
    int height = panels.height(panel);
    int runLength = arithmetic.runLength();
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(work.outputs[t], 0, height, 0f);
    }
    for (int run = 0; run * runLength < in; run++) {
      int end = (run + 1) * runLength;
      for (int t = 0; t < tokens && multiples.length > 0; t++) {
        Arrays.fill(work.multiples[t], 0, height, 0L);
      }
      for (int from = run * runLength; from < end; from += arithmetic.segmentLength()) {
        segment(panel, from, x.values(), token * in, tokens, work);
        foldSegment(panel, from, run, x, token, tokens, work);
      }
      if (multiples.length > 0) {
        gatherRowScales(panel, work);
        for (int t = 0; t < tokens; t++) {
          PanelLanes.foldIntegers(
              height, work.multiples[t], work.scales, x.scale(token + t, run), work.outputs[t]);
        }
      }
    }
  }

  /** The exact sums of a segment, to the totals of the workspace. */
  private void segment(
      int panel, int from, float[] values, int valuesFrom, int tokens, PanelWorkspace work) {
    int height = panels.height(panel);
    int end = from + arithmetic.segmentLength();
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(work.totals[t], 0, height, 0);
    }
    for (int at = from; at < end; at += longestSum) {
      panels.sum(panel, at, Math.min(end, at + longestSum), tokens, values, valuesFrom, work);
      for (int t = 0; t < tokens; t++) {
        PanelLanes.addIntegers(height, work.sums[t], work.totals[t]);
      }
    }
    if (zeros.length > 0) {
      PanelScales.gather(layout, zeros, panel * WeightPanels.ROWS, height, from, work.integerZeros);
      for (int t = 0; t < tokens; t++) {
        int first = valuesFrom + t * inFeatures() + from;
        int input = PanelLanes.integerSum(values, first, end - from);
        PanelLanes.subtractZeros(height, work.integerZeros, input, work.totals[t]);
      }
    }
  }

  /** Adds the totals of a segment to the outputs, or their multiples to those of its run. */
  private void foldSegment(
      int panel, int from, int run, IntegerInput x, int token, int tokens, PanelWorkspace work) {
    int height = panels.height(panel);
    int firstRow = panel * WeightPanels.ROWS;
    if (multiples.length > 0) {
      PanelScales.gather(layout, multiples, firstRow, height, from, work.integerScales);
      for (int t = 0; t < tokens; t++) {
        PanelLanes.addMultiples(height, work.totals[t], work.integerScales, work.multiples[t]);
      }
      return;
    }
    PanelScales.gather(layout, scales, firstRow, height, from, work.scales);
    for (int t = 0; t < tokens; t++) {
      PanelLanes.foldIntegers(
          height, work.totals[t], work.scales, x.scale(token + t, run), work.outputs[t]);
    }
  }

  private void gatherRowScales(int panel, PanelWorkspace work) {
    int firstRow = panel * WeightPanels.ROWS;
    for (int i = 0; i < panels.height(panel); i++) {
      work.scales[i] = scales[(firstRow + i) / layout.blockRows()];
    }
  }

  @Override
  public String describe() {
    return description;
  }
}
