// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer in full precision, {@code y = x W^T + b}.
 *
 * <p>Arrays are shared and must not be changed.
 */
public final class LinearLayer {
  private final FloatMatrix weights;
  private final float @Nullable [] bias;
  private final float @Nullable [] scores;

  private LinearLayer(FloatMatrix weights, float @Nullable [] bias, float @Nullable [] scores) {
    this.weights = weights;
    this.bias = bias;
    this.scores = scores;
  }

  /**
   * A layer without a bias.
   *
   * @param weights {@code [out, in]}, at least one of both, finite
   * @return the layer
   * @throws IllegalArgumentException if there is no element, or one is not finite
   */
  public static LinearLayer of(FloatMatrix weights) {
    if (weights.rows() == 0 || weights.columns() == 0) {
      throw new IllegalArgumentException("weights: " + weights + ", expected at least one element");
    }
    for (int i = 0; i < weights.data().length; i++) {
      if (!Float.isFinite(weights.data()[i])) {
        throw new IllegalArgumentException(
            "weights: element ("
                + i / weights.columns()
                + ", "
                + i % weights.columns()
                + ") is "
                + weights.data()[i]
                + ", expected finite values");
      }
    }
    return new LinearLayer(weights, null, null);
  }

  /**
   * The same layer with a bias.
   *
   * @param values one for each output
   * @return the changed layer
   * @throws IllegalArgumentException if their number is not that of the outputs, or one is not
   *     finite
   */
  public LinearLayer withBias(float[] values) {
    if (values.length != weights.rows()) {
      throw new IllegalArgumentException(
          "bias: " + values.length + " values, expected " + weights.rows() + " for " + weights);
    }
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "bias: number " + i + " is " + values[i] + ", expected finite values");
      }
    }
    return new LinearLayer(weights, values, scores);
  }

  /**
   * The same layer with scores by which {@code sparse(share,scores)} chooses outliers.
   *
   * @param values one for each weight, row-major, not negative
   * @return the changed layer
   * @throws IllegalArgumentException if their number is not that of the weights
   */
  public LinearLayer withScores(float[] values) {
    if (values.length != weights.data().length) {
      throw new IllegalArgumentException(
          "scores: " + values.length + " values, expected one for each weight of " + weights);
    }
    return new LinearLayer(weights, bias, values);
  }

  /**
   * The weights.
   *
   * @return {@code [out, in]}
   */
  public FloatMatrix weights() {
    return weights;
  }

  /**
   * The bias.
   *
   * @return a copy, or empty if there is none
   */
  public Optional<float[]> bias() {
    return Optional.ofNullable(bias).map(float[]::clone);
  }

  Optional<float[]> scores() {
    return Optional.ofNullable(scores);
  }
}
