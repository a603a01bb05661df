// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds tensors that are missing or of another shape or type than a model needs. */
public final class TensorCheck {
  private final ModelWeights weights;
  private final List<String> problems = new ArrayList<>();

  public TensorCheck(ModelWeights weights) {
    this.weights = weights;
  }

  /** One line for each problem found so far. */
  public List<String> problems() {
    return problems;
  }

  /**
   * Checks the tensors of a site.
   *
   * @param why what asks for its weights, to be appended to the message if they are missing
   */
  public void requireSite(LinearSite site, String why) {
    Optional<QuantizedLinear> packed;
    try {
      packed = weights.linear(site.name());
    } catch (UncheckedIOException e) {
      problems.add(String.valueOf(e.getMessage()));
      return;
    }
    if (packed.isPresent()) {
      requirePacked(site, packed.get());
      return;
    }
    if (!site.isTied()) {
      require(site.weight(), Shape.of(site.outFeatures(), site.inFeatures()), why);
    }
    if (site.bias().isPresent()) {
      require(site.bias().get(), Shape.of(site.outFeatures()), "");
    } else if (weights.tensors().find(site.name() + ".bias").isPresent()) {
      problems.add(
          "tensor '" + site.name() + ".bias' is there, but the configuration has no such bias");
    }
  }

  private void requirePacked(LinearSite site, QuantizedLinear packed) {
    if (packed.outFeatures() != site.outFeatures() || packed.inFeatures() != site.inFeatures()) {
      problems.add(
          "quantized module '"
              + site.name()
              + "': ["
              + packed.outFeatures()
              + ", "
              + packed.inFeatures()
              + "], expected ["
              + site.outFeatures()
              + ", "
              + site.inFeatures()
              + "]");
    }
    if (site.bias().isPresent() && packed.bias().isEmpty()) {
      problems.add("quantized module '" + site.name() + "': no bias, expected one");
    }
  }

  /**
   * Checks one tensor.
   *
   * @param why what asks for it, to be appended to the message if it is missing or wrong
   */
  public void require(String name, Shape shape, String why) {
    Optional<Tensor> tensor = weights.tensors().find(name);
    if (tensor.isEmpty()) {
      problems.add("tensor '" + name + "' is missing, expected " + shape + why);
    } else if (!tensor.get().shape().equals(shape)) {
      problems.add("tensor '" + name + "': " + tensor.get().shape() + ", expected " + shape + why);
    } else if (!tensor.get().dtype().isFloatingPoint()) {
      problems.add(
          "tensor '"
              + name
              + "': "
              + tensor.get().dtype().label()
              + ", expected a floating-point type");
    }
  }
}
