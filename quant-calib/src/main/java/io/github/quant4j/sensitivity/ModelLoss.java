// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.progress.Cancellation;
import java.util.ArrayList;
import java.util.List;

/**
 * The loss of a whole quantized model, measured as that of single layers is, to see how well their
 * sum foretells it.
 *
 * @param measure of the loss
 * @param team the threads that outputs are compared on
 * @param cancellation asked before each input and block
 */
public record ModelLoss(LossMeasure measure, WorkerTeam team, Cancellation cancellation) {

  /**
   * Runs both models, block by block.
   *
   * @param original the model that is right
   * @param quantized the same model, changed
   * @param inputs at least one
   * @param <I> one input of the models
   * @return the loss of the second model; 0 if they agree
   * @throws IllegalArgumentException if there are no inputs
   * @throws ArithmeticException if an output is not finite
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public <I> double of(BlockModel<I> original, BlockModel<I> quantized, List<? extends I> inputs) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("inputs: none, expected at least one");
    }
    List<HiddenStates> expected = states(original, inputs);
    List<HiddenStates> actual = states(quantized, inputs);
    try (Block head = original.openHead();
        Block changed = quantized.openHead()) {
      return new OutputLoss(measure, head, team, expected).ofChanged(changed, actual);
    }
  }

  private <I> List<HiddenStates> states(BlockModel<I> model, List<? extends I> inputs) {
    List<HiddenStates> states = new ArrayList<>();
    for (I input : inputs) {
      states.add(model.embed(List.of(input)));
    }
    for (int b = 0; b < model.blocks().size(); b++) {
      try (Block block = model.open(b)) {
        for (int i = 0; i < states.size(); i++) {
          cancellation.check();
          states.set(i, block.run(states.get(i), SiteObserver.none()));
        }
      }
    }
    return states;
  }
}
