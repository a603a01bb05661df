// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.Optional;

/**
 * A normalization that feeds linear sites; most read the residual stream.
 *
 * @param name the module's name in the checkpoint, for example {@code
 *     model.layers.0.input_layernorm}
 * @param kind how it normalizes
 * @param width the number of channels
 * @param epsilon what is added to the mean square
 * @param offset what is added to the stored weights before they multiply: 1 in Gemma, 0 elsewhere
 * @param biased whether there is a bias
 */
public record NormSite(
    String name, Kind kind, int width, double epsilon, float offset, boolean biased) {

  /**
   * A normalization of the usual form: weights as they are stored, and a bias if a mean is
   * subtracted.
   *
   * @param name the module's name in the checkpoint
   * @param kind how it normalizes
   * @param width the number of channels
   * @param epsilon what is added to the mean square
   */
  public NormSite(String name, Kind kind, int width, double epsilon) {
    this(name, kind, width, epsilon, 0f, kind == Kind.LAYER);
  }

  /** How a normalization works. */
  public enum Kind {
    /** {@code x / sqrt(mean(x^2) + epsilon) * weight}. */
    ROOT_MEAN_SQUARE,
    /** {@code (x - mean(x)) / sqrt(var(x) + epsilon) * weight + bias}. */
    LAYER
  }

  /**
   * The name of the weight tensor, {@code [width]}.
   *
   * @return the tensor that a scale of the consumers can be folded into
   */
  public String weight() {
    return name + ".weight";
  }

  /**
   * The name of the bias tensor, {@code [width]}.
   *
   * @return the tensor that a shift of the consumers can be folded into, if there is one
   */
  public Optional<String> bias() {
    return biased ? Optional.of(name + ".bias") : Optional.empty();
  }
}
