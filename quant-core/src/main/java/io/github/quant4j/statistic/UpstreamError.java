// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;

/**
 * What quantization of the layers before has done to a layer's input, seen over the same tokens as
 * the {@link InputStatistics} of that input. Errors are full precision less quantized.
 *
 * @param input {@code sum_t r_t (x_fp - x) x^T}, {@code [in, in]}, with the input {@code x} that
 *     the layers quantized so far give, and {@code x_fp} that of the original model
 * @param residual {@code sum_t r_t (h_fp - h) x^T}, {@code [out, in]}, with the residual stream
 *     {@code h} just before the layer's output is added to it; empty if it is added to none
 * @param heldOut tokens that the moments have not seen; empty if there are none
 */
public record UpstreamError(
    CrossMoment input, Optional<CrossMoment> residual, Optional<Sample> heldOut) {

  /**
   * Checks the shapes.
   *
   * @throws IllegalArgumentException if the moment of the input is not square, one of the others
   *     has another width, or only one of the moment and the tokens knows the residual stream
   */
  public UpstreamError {
    int in = input.sum().columns();
    if (input.sum().rows() != in) {
      throw new IllegalArgumentException("input: " + input + ", expected a square moment");
    }
    if (residual.isPresent() && residual.get().sum().columns() != in) {
      throw new IllegalArgumentException(
          "residual: " + residual.get() + ", expected " + in + " columns");
    }
    if (heldOut.isPresent() && heldOut.get().inputs().columns() != in) {
      throw new IllegalArgumentException(
          "heldOut: " + heldOut.get().inputs() + ", expected " + in + " columns");
    }
    Optional<FloatMatrix> residualErrors = heldOut.flatMap(Sample::residualErrors);
    if (heldOut.isPresent() && residualErrors.isPresent() != residual.isPresent()) {
      throw new IllegalArgumentException(
          "heldOut: residual errors "
              + (residual.isPresent() ? "missing" : "without a moment of them")
              + ", expected both or neither");
    }
    if (residual.isPresent()
        && residualErrors.isPresent()
        && residualErrors.get().columns() != residual.get().sum().rows()) {
      throw new IllegalArgumentException(
          "heldOut: residual errors "
              + residualErrors.get()
              + ", expected "
              + residual.get().sum().rows()
              + " columns");
    }
  }

  /**
   * Some tokens.
   *
   * @param inputs {@code x}, {@code [tokens, in]}
   * @param inputErrors {@code x_fp - x}, {@code [tokens, in]}
   * @param residualErrors {@code h_fp - h}, {@code [tokens, out]}; empty as the moment is
   */
  public record Sample(
      FloatMatrix inputs, FloatMatrix inputErrors, Optional<FloatMatrix> residualErrors) {

    /**
     * Checks the shapes.
     *
     * @throws IllegalArgumentException if they are not of the same tokens, or the errors not as
     *     wide as the inputs
     */
    public Sample {
      if (inputErrors.rows() != inputs.rows() || inputErrors.columns() != inputs.columns()) {
        throw new IllegalArgumentException(
            "inputErrors: " + inputErrors + ", expected the shape of " + inputs);
      }
      if (residualErrors.isPresent() && residualErrors.get().rows() != inputs.rows()) {
        throw new IllegalArgumentException(
            "residualErrors: " + residualErrors.get() + ", expected as many rows as " + inputs);
      }
    }
  }
}
