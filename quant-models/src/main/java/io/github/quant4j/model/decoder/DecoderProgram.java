// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockProgram;
import io.github.quant4j.model.runtime.BlockWeights;
import java.util.ArrayList;
import java.util.List;

/** A layer of a decoder, see {@link LayerShape}. */
final class DecoderProgram implements BlockProgram {
  private final BlockWeights weights;
  private final BranchProgram branches;
  private final List<GroupStep> steps = new ArrayList<>();

  DecoderProgram(LayerShape shape, int layer, BlockWeights weights, DecoderResources resources) {
    this.weights = weights;
    KernelOptions options = resources.options();
    this.branches = new BranchProgram(shape, weights, options);
    steps.addAll(
        switch (shape.attention()) {
          case AttentionShape attention ->
              new AttentionProgram(
                      attention, layer, shape.attentionCarriedFrom(), weights, resources)
                  .steps();
          case DeltaShape delta -> new DeltaProgram(delta, layer, weights, resources).steps();
        });
    steps.add(branches::endAttention);
    switch (shape.mlp()) {
      case MlpShape.Dense dense -> {
        steps.add(new DenseProgram(dense, weights, options)::activate);
        steps.add(branches::endMlp);
      }
      case MlpShape.Mixture mixture ->
          steps.addAll(new MixtureProgram(mixture, shape, weights, branches, options).steps());
    }
  }

  @Override
  public void start(Activations activations) {
    branches.begin(activations);
  }

  @Override
  public void step(int group, Activations activations) {
    steps.get(group).run(weights.group(group), activations);
  }
}
