// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.TensorForm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds tensors that are missing or of another shape or type than a model needs. */
public final class TensorCheck {
  private final ModelWeights weights;
  private final List<String> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final Set<String> used = new HashSet<>();
  private final Set<String> modules = new HashSet<>();

  public TensorCheck(ModelWeights weights) {
    this.weights = weights;
    warnings.addAll(weights.warnings());
  }

  /** One line for each problem found so far. */
  public List<String> problems() {
    return problems;
  }

  /** One line for each thing that is noticed but does no harm, so far as is known. */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Adds what is wrong with tensors that nothing has asked for, so to be called last.
   *
   * @param names where the network's tensors are
   */
  public void requireAllUsed(UnusedTensors.Names names) {
    UnusedTensors.Finding finding = UnusedTensors.find(weights, names, used, modules);
    problems.addAll(finding.problems());
    warnings.addAll(finding.warnings());
  }

  /** Checks that a tensor which may be there is a copy of another. */
  public void requireCopy(String name, String original, String why) {
    used.add(name);
    Optional<Tensor> copy = weights.tensors().find(name);
    Optional<Tensor> first = weights.tensors().find(original);
    if (copy.isPresent() && first.isPresent() && !UnusedTensors.areEqual(copy.get(), first.get())) {
      problems.add("tensor '" + name + "': differs from '" + original + "'" + why);
    }
  }

  /**
   * Checks the tensors of a site.
   *
   * @param why what asks for its weights, to be appended to the message if they are missing
   */
  public void requireSite(LinearSite site, String why) {
    Optional<QuantizedLinear> packed;
    used.add(site.name() + ".bias");
    try {
      packed = weights.linear(site);
    } catch (UncheckedIOException e) {
      problems.add(String.valueOf(e.getMessage()));
      modules.add(site.name());
      return;
    }
    if (packed.isPresent()) {
      modules.add(site.name());
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
   * Checks a table of rows, which may be stored in another form than one tensor.
   *
   * @param why what asks for it, to be appended to the message if it is missing or wrong
   */
  public void requireTable(String name, Shape shape, String why) {
    String module = LinearSite.moduleOf(name);
    Optional<QuantizedLinear> packed;
    try {
      packed = weights.linear(module);
    } catch (UncheckedIOException e) {
      problems.add(String.valueOf(e.getMessage()));
      modules.add(module);
      return;
    }
    if (packed.isEmpty()) {
      require(name, shape, why);
      return;
    }
    modules.add(module);
    requirePacked(
        LinearSite.of(module, (int) shape.dimension(1), (int) shape.dimension(0), false),
        packed.get());
    if (packed.get().transform().isPresent() || packed.get().activations().isPresent()) {
      problems.add("quantized module '" + module + "': expected a table of rows as they are");
    }
  }

  /**
   * Checks one tensor.
   *
   * @param why what asks for it, to be appended to the message if it is missing or wrong
   */
  public void require(String name, Shape shape, String why) {
    used.add(name);
    Optional<TensorForm> tensor = weights.tensors().form(name);
    if (tensor.isEmpty()) {
      problems.add("tensor '" + name + "' is missing, expected " + shape + why);
    } else if (!isOfShape(tensor.get().shape(), shape)) {
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

  /** Vectors are stored as single rows too. */
  private static boolean isOfShape(Shape found, Shape expected) {
    return found.equals(expected)
        || (expected.rank() == 1
            && found.rank() == 2
            && found.dimension(0) == 1
            && found.dimension(1) == expected.dimension(0));
  }
}
