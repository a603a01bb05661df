// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Objects;

/**
 * Integer weights times integer activations: the definition of the integer kernels' arithmetic.
 *
 * <p>A segment is a run of inputs within which both the weight's and the activation's scale are
 * constant. For row {@code n} and segment {@code g} with weight values {@code w}, weight zero
 * {@code z}, activation values {@code a} and activation zero {@code b}, the integer sum
 *
 * <pre>I = sum (w - z) (a - b)</pre>
 *
 * is exact, and the output is {@code sum_g I_g (scale_w scale_a)}, accumulated in float from the
 * first segment to the last by fused multiply-add with {@code float(I_g)} and the product of the
 * scales rounded to float.
 */
final class ScalarIntegerKernel implements LinearKernel {
  private static final int ROWS_IN_PART = 16;

  private final QuantizedMatrix weights;
  private final ActivationQuantizer activations;
  private final WorkerTeam team;
  private final int weightOffset;
  private final int activationOffset;
  private final int run;
  private final int segment;

  ScalarIntegerKernel(QuantizedMatrix weights, ActivationQuantizer activations, WorkerTeam team) {
    this.weights = weights;
    this.activations = activations;
    this.team = team;
    this.weightOffset = ((IntegerFormat) weights.scheme().format()).offset();
    this.activationOffset = ((IntegerFormat) activations.scheme().format()).offset();
    this.run = activations.runLength(weights.columns());
    this.segment =
        greatestCommonDivisor(
            run, Math.min(weights.columns(), weights.grid().layout().blockColumns()));
  }

  /** Both sides integers, one format, and zero points that are integers. */
  static boolean supports(QuantizedMatrix weights, ActivationQuantizer activations) {
    Grid grid = weights.grid();
    if (!(weights.scheme().format() instanceof IntegerFormat)
        || !grid.palette().isUniform()
        || !(activations.scheme().format() instanceof IntegerFormat)
        || activations.runLength(weights.columns()) < 2) {
      return false;
    }
    for (int tile = 0; tile < grid.layout().count(); tile++) {
      float zero = grid.zeroPoint(tile);
      if (zero != Math.rint(zero)) {
        return false;
      }
    }
    return true;
  }

  private static int greatestCommonDivisor(int a, int b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
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
    Objects.checkFromIndexSize(xOffset, tokens * in, x.length);
    Objects.checkFromIndexSize(yOffset, tokens * out, y.length);
    int runs = in / run;
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
              y[to + r] = dot(r, row, codes, scales, zeros);
            }
          });
    }
  }

  private float dot(int row, byte[] weightCodes, byte[] codes, float[] scales, float[] zeros) {
    Grid grid = weights.grid();
    ScaleLayout layout = grid.layout();
    float sum = 0;
    for (int start = 0; start < weightCodes.length; start += segment) {
      int tile = layout.index(row, start);
      int weightZero = weightOffset + (int) grid.zeroPoint(tile);
      int activationZero = activationOffset + (int) zeros[start / run];
      int integer = 0;
      int end = Math.min(weightCodes.length, start + segment);
      for (int i = start; i < end; i++) {
        integer += ((weightCodes[i] & 0xff) - weightZero) * ((codes[i] & 0xff) - activationZero);
      }
      sum = Math.fma((float) integer, grid.scale(tile) * scales[start / run], sum);
    }
    return sum;
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
}
