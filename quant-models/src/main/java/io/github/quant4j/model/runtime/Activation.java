// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import java.util.List;
import java.util.Optional;

/** The nonlinearities of MLPs, under the names that configurations have for them. */
public enum Activation {
  /** {@code x / (1 + e^-x)}. */
  SILU,
  /** GELU with the error function. */
  GELU,
  /** GELU by a hyperbolic tangent. */
  TANH_GELU,
  /** {@code x / (1 + e^(-1.702 x))}. */
  QUICK_GELU,
  /** {@code max(x, 0)}. */
  RELU,
  /** {@code max(x, 0)^2}. */
  SQUARED_RELU;

  private static final float QUICK = 1.702f;

  private static final List<String> NAMES =
      List.of(
          "silu",
          "swish",
          "gelu",
          "gelu_python",
          "gelu_new",
          "gelu_pytorch_tanh",
          "gelu_fast",
          "quick_gelu",
          "relu",
          "relu2");

  /** Changes some elements in place. */
  public void apply(float[] x, int from, int to) {
    switch (this) {
      case SILU -> Elementwise.swish(x, from, to);
      case GELU -> Elementwise.gelu(x, from, to);
      case TANH_GELU -> Elementwise.tanhGelu(x, from, to);
      case QUICK_GELU -> Elementwise.scaledSwish(QUICK, x, from, to);
      case RELU -> Elementwise.relu(x, from, to);
      case SQUARED_RELU -> Elementwise.squaredRelu(x, from, to);
    }
  }

  /** The activation of a name. */
  public static Optional<Activation> of(String name) {
    return switch (name) {
      case "silu", "swish" -> Optional.of(SILU);
      case "gelu", "gelu_python" -> Optional.of(GELU);
      case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Optional.of(TANH_GELU);
      case "quick_gelu" -> Optional.of(QUICK_GELU);
      case "relu" -> Optional.of(RELU);
      case "relu2" -> Optional.of(SQUARED_RELU);
      default -> Optional.empty();
    };
  }

  /** All names. */
  public static List<String> names() {
    return NAMES;
  }
}
