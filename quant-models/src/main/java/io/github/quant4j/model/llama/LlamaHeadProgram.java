// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.HeadProgram;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.parallel.WorkerTeam;

/** The end of a decoder: {@code logits = head(norm(h))}. */
final class LlamaHeadProgram implements HeadProgram {
  private final LlamaConfiguration configuration;
  private final BlockWeights weights;
  private final WorkerTeam team;

  LlamaHeadProgram(LlamaConfiguration configuration, BlockWeights weights, WorkerTeam team) {
    this.configuration = configuration;
    this.weights = weights;
    this.team = team;
  }

  @Override
  public void start(Activations activations) {
    normalize(activations.hidden(), 0, activations.tokens(), activations.input());
  }

  @Override
  public void step(int group, Activations activations) {
    weights.group(0).multiply(activations.input(), activations.tokens(), activations.output());
  }

  @Override
  public void normalize(float[] hidden, int from, int rows, float[] normalized) {
    float[] weight = weights.vector(LlamaLayout.FINAL_NORM);
    int width = weight.length;
    RowParts.run(
        team,
        rows,
        row ->
            Elementwise.rootMeanSquareNorm(
                hidden,
                from + row * width,
                weight,
                configuration.normEpsilon(),
                normalized,
                row * width));
  }
}
