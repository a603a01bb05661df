// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.CrossMoment;
import io.github.quant4j.statistic.RowReservoir;
import io.github.quant4j.statistic.UpstreamError;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what quantization of the layers before a group has done to its input and to the residual
 * stream, from a pass through the quantized model and one through the model as it was given; of the
 * same tokens as an {@link InputObserver}.
 */
final class UpstreamObserver {
  private static final int CHUNK = 512;

  private final int width;
  private final int residualWidth;
  private final CrossMoment ofInput;
  private final @Nullable CrossMoment ofResidual;

  /** Rows of input, its error and the residual stream's error. */
  private final RowReservoir heldOut;

  private final Compute compute;
  private long tokens;

  /**
   * Begins with no tokens.
   *
   * @param width input features
   * @param residualWidth channels of the residual stream, 0 if it does not matter
   */
  UpstreamObserver(int width, int residualWidth, Compute compute) {
    this.width = width;
    this.residualWidth = residualWidth;
    this.ofInput = CrossMoment.empty(width, width);
    this.ofResidual = residualWidth > 0 ? CrossMoment.empty(residualWidth, width) : null;
    this.heldOut = RowReservoir.of(2 * width + residualWidth, InputObserver.HELD_OUT_ROWS);
    this.compute = compute;
  }

  /**
   * Adds a batch.
   *
   * @param quantized halted before the group
   * @param given halted there as well, with the same tokens
   * @param ofBatch weights of the batch's tokens, or null if all count alike
   */
  void add(BlockPass quantized, BlockPass given, float @Nullable [] ofBatch) {
    // Quantization sends some tokens to other experts; what both passes have there is compared.
    SiteInput input = CommonRows.of(quantized.input(), given.input());
    SiteInput before = CommonRows.of(given.input(), quantized.input());
    float[] weights = InputObserver.weights(input, ofBatch);
    int count = input.tokens();
    for (int from = 0; from < count; from += CHUNK) {
      int rows = Math.min(CHUNK, count - from);
      FloatMatrix inputs = rows(input, from, rows);
      FloatMatrix errors = difference(rows(before, from, rows), inputs);
      FloatMatrix residual =
          ofResidual == null
              ? null
              : difference(
                  rows(given.residual().orElseThrow(), from, rows),
                  rows(quantized.residual().orElseThrow(), from, rows));
      float[] counting = new float[rows];
      for (int t = 0; t < rows; t++, tokens++) {
        counting[t] = weights == null ? 1 : weights[from + t];
        if (InputObserver.HOLD_OUT.contains(tokens)) {
          if (counting[t] > 0) {
            keep(inputs, errors, residual, t);
          }
          counting[t] = 0;
        }
      }
      ofInput.add(errors, inputs, counting, compute);
      if (ofResidual != null && residual != null) {
        ofResidual.add(residual, inputs, counting, compute);
      }
    }
  }

  private void keep(
      FloatMatrix inputs, FloatMatrix errors, @Nullable FloatMatrix residual, int row) {
    float[] kept = new float[2 * width + residualWidth];
    System.arraycopy(inputs.data(), row * width, kept, 0, width);
    System.arraycopy(errors.data(), row * width, kept, width, width);
    if (residual != null) {
      System.arraycopy(residual.data(), row * residualWidth, kept, 2 * width, residualWidth);
    }
    if (InputObserver.isFinite(kept, 0, kept.length)) {
      heldOut.add(kept, 0, tokens);
    }
  }

  private static FloatMatrix rows(SiteInput input, int from, int count) {
    FloatMatrix rows = FloatMatrix.zeros(count, input.width());
    System.arraycopy(
        input.data(), input.offset() + from * input.width(), rows.data(), 0, rows.data().length);
    return rows;
  }

  /** The first less the second, in the memory of the first. */
  private static FloatMatrix difference(FloatMatrix given, FloatMatrix quantized) {
    for (int i = 0; i < given.data().length; i++) {
      given.data()[i] -= quantized.data()[i];
    }
    return given;
  }

  UpstreamError result() {
    FloatMatrix kept = heldOut.rows();
    Optional<UpstreamError.Sample> sample =
        kept.rows() == 0
            ? Optional.empty()
            : Optional.of(
                new UpstreamError.Sample(
                    columns(kept, 0, width),
                    columns(kept, width, width),
                    ofResidual == null
                        ? Optional.empty()
                        : Optional.of(columns(kept, 2 * width, residualWidth))));
    return new UpstreamError(ofInput, Optional.ofNullable(ofResidual), sample);
  }

  private static FloatMatrix columns(FloatMatrix matrix, int from, int count) {
    FloatMatrix result = FloatMatrix.zeros(matrix.rows(), count);
    for (int t = 0; t < matrix.rows(); t++) {
      System.arraycopy(matrix.data(), t * matrix.columns() + from, result.data(), t * count, count);
    }
    return result;
  }
}
