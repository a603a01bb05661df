// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.Optional;

/**
 * A normalization over the residual stream that feeds linear sites.
 *
 * @param name the module's name in the checkpoint, for example {@code
 *     model.layers.0.input_layernorm}
 * @param kind how it normalizes
 * @param width the number of channels
 * @param epsilon what is added to the mean square
 */
public record NormSite(String name, Kind kind, int width, double epsilon) {

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
   * @return the tensor that a shift of the consumers can be folded into; empty for {@link
   *     Kind#ROOT_MEAN_SQUARE}
   */
  public Optional<String> bias() {
    return kind == Kind.LAYER ? Optional.of(name + ".bias") : Optional.empty();
  }
}
