// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.lane.PanelLanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;

/**
 * Quantized weights times float activations in plain Java, at less than the time of full-precision
 * weights: levels are summed panel by panel, and the sum of each tile is scaled.
 *
 * <p>Sums are in float. An output differs from the exact one by at most {@code (c / 4 + n + 12) u}
 * times the sum of the magnitudes of its products, where {@code u = 2^-24}, {@code c} is the number
 * of inputs of a tile, at most 128, and {@code n} the number of such runs of inputs. With zero
 * points, the magnitudes are those of level and zero point together.
 */
final class PanelFloatKernel extends PartitionedKernel {
  /** More inputs are not summed in one go, which bounds the error of long sums. */
  private static final int LONGEST_SUM = 128;

  private static final int TOKENS_IN_PART = 64;

  private final String description;
  private final WeightPanels panels;
  private final ScaleLayout layout;
  private final float[] scales;
  private final float[] zeros;
  private final PanelWorkspace.Pool workspaces = new PanelWorkspace.Pool();
  private final UnpreparedInput.Pool inputs = new UnpreparedInput.Pool();

  PanelFloatKernel(QuantizedMatrix weights, WeightPanels panels, KernelOptions options) {
    super(weights.columns(), weights.rows(), options);
    Grid grid = weights.grid();
    this.panels = panels;
    this.layout = grid.layout();
    this.scales = grid.scales().values();
    this.zeros = grid.zeroPoints().map(values -> values.values()).orElse(new float[0]);
    this.description =
        "scalar "
            + weights.scheme()
            + " ["
            + outFeatures()
            + ", "
            + inFeatures()
            + "], float activations";
  }

  @Override
  protected Object inputKind() {
    return UnpreparedInput.kind(inFeatures());
  }

  @Override
  protected int batchSize() {
    return UnpreparedInput.BATCH;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    return inputs.bind(x, xOffset);
  }

  @Override
  protected int partCount(int tokens) {
    return panels.count() * Math.ceilDiv(tokens, TOKENS_IN_PART);
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    UnpreparedInput x = (UnpreparedInput) input;
    int panel = part % panels.count();
    int first = part / panels.count() * TOKENS_IN_PART;
    int last = Math.min(tokens, first + TOKENS_IN_PART);
    PanelWorkspace work = workspaces.borrow();
    for (int t = first; t < last; t += PanelWorkspace.TOKENS) {
      int count = Math.min(PanelWorkspace.TOKENS, last - t);
      multiply(panel, x.array(), x.offset() + t * inFeatures(), count, work);
      for (int i = 0; i < count; i++) {
        int to = yOffset + (t + i) * outFeatures() + panel * WeightPanels.ROWS;
        System.arraycopy(work.outputs[i], 0, y, to, panels.height(panel));
      }
    }
    workspaces.release(work);
  }

  /** Some tokens times a panel, to the workspace. */
  private void multiply(int panel, float[] x, int xFrom, int tokens, PanelWorkspace work) {
    int in = inFeatures();
    int height = panels.height(panel);
    int firstRow = panel * WeightPanels.ROWS;
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(work.outputs[t], 0, height, 0f);
    }
    int width = Math.min(in, layout.blockColumns());
    for (int tile = 0; tile < in; tile += width) {
      int end = Math.min(in, tile + width);
      gather(firstRow, height, tile, work);
      for (int from = tile; from < end; from += LONGEST_SUM) {
        int to = Math.min(end, from + LONGEST_SUM);
        panels.sum(panel, from, to, tokens, x, xFrom, work);
        for (int t = 0; t < tokens; t++) {
          fold(height, work, t, x, xFrom + t * in + from, to - from);
        }
      }
    }
  }

  private void gather(int firstRow, int height, int column, PanelWorkspace work) {
    float unit = panels.unit();
    PanelScales.gather(layout, scales, firstRow, height, column, work.scales);
    if (zeros.length > 0) {
      PanelScales.gather(layout, zeros, firstRow, height, column, work.zeros);
    }
    if (unit != 1) {
      PanelLanes.scale(height, unit, work.scales);
      PanelLanes.scale(height, 1 / unit, work.zeros);
    }
  }

  private void fold(int height, PanelWorkspace work, int token, float[] x, int xFrom, int count) {
    if (zeros.length == 0) {
      PanelLanes.fold(height, work.sums[token], work.scales, work.outputs[token]);
    } else {
      float input = PanelLanes.sum(x, xFrom, count);
      PanelLanes.fold(
          height, work.sums[token], work.zeros, input, work.scales, work.outputs[token]);
    }
  }

  @Override
  public String describe() {
    return description;
  }
}
