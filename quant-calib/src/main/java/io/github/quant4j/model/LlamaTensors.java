// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares a model's tensors with what its configuration asks for. */
final class LlamaTensors {
  private final LlamaConfiguration configuration;
  private final LlamaLayout layout;
  private final ModelWeights weights;
  private final List<String> problems = new ArrayList<>();

  private LlamaTensors(LlamaConfiguration configuration, LlamaLayout layout, ModelWeights weights) {
    this.configuration = configuration;
    this.layout = layout;
    this.weights = weights;
  }

  /**
   * Finds everything that is missing or of another shape or type.
   *
   * @return one line for each problem
   */
  static List<String> problems(
      LlamaConfiguration configuration, LlamaLayout layout, ModelWeights weights) {
    LlamaTensors check = new LlamaTensors(configuration, layout, weights);
    check.run();
    return check.problems;
  }

  private void run() {
    int hidden = configuration.hiddenSize();
    require(LlamaLayout.EMBEDDINGS, Shape.of(configuration.vocabularySize(), hidden), "");
    for (int layer = 0; layer < configuration.layers(); layer++) {
      BlockLayout block = layout.blocks().get(layer);
      LlamaLayout.DecoderNames names = layout.names(layer);
      require(names.inputNorm(), Shape.of(hidden), "");
      require(names.outputNorm(), Shape.of(hidden), "");
      for (String name : names.all().subList(2, names.all().size())) {
        require(name, Shape.of(configuration.attention().headWidth()), "");
      }
      block.sites().forEach(this::requireSite);
    }
    require(LlamaLayout.FINAL_NORM, Shape.of(hidden), "");
    layout.head().sites().forEach(this::requireSite);
  }

  private void requireSite(LinearSite site) {
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
      require(
          site.weight(),
          Shape.of(site.outFeatures(), site.inFeatures()),
          site.name().equals("lm_head") ? ", as 'tie_word_embeddings' is false" : "");
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

  private void require(String name, Shape shape, String why) {
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
