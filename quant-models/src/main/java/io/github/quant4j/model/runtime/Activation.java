// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The nonlinearities of MLPs, under the names that configurations have for them. */
public enum Activation {
  /** {@code x / (1 + e^-x)}. */
  SILU(List.of("silu", "swish"), Elementwise::swish),
  /** GELU with the error function. */
  GELU(List.of("gelu", "gelu_python"), Elementwise::gelu),
  /** GELU by a hyperbolic tangent. */
  TANH_GELU(List.of("gelu_new", "gelu_pytorch_tanh", "gelu_fast"), Elementwise::tanhGelu),
  /** {@code x / (1 + e^(-1.702 x))}. */
  QUICK_GELU(
      List.of("quick_gelu"), (x, from, to) -> Elementwise.scaledSwish(1.702f, x, from, to)),
  /** {@code max(x, 0)}. */
  RELU(List.of("relu"), Elementwise::relu),
  /** {@code max(x, 0)^2}. */
  SQUARED_RELU(List.of("relu2"), Elementwise::squaredRelu);

  /** Changes some elements in place. */
  private interface Function {
    void apply(float[] x, int from, int to);
  }

  private final List<String> names;
  private final Function function;

  Activation(List<String> names, Function function) {
    this.names = names;
    this.function = function;
  }

  /** Changes some elements in place. */
  public void apply(float[] x, int from, int to) {
    function.apply(x, from, to);
  }

  /** The activation of a name. */
  public static Optional<Activation> of(String name) {
    return Arrays.stream(values()).filter(one -> one.names.contains(name)).findFirst();
  }

  /** All names. */
  public static List<String> names() {
    return Arrays.stream(values()).flatMap(one -> one.names.stream()).toList();
  }
}
