// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;

/** A block of any network: its weights, and a program that runs between its site groups. */
public final class OpenBlock extends WeightedBlock<BlockProgram> {
  private final BlockLayout layout;
  private final int width;

  /**
   * Puts a block together.
   *
   * @param width columns of the block's input
   */
  public OpenBlock(int width, BlockWeights weights, BlockProgram program) {
    super(weights, program);
    this.layout = weights.layout();
    this.width = width;
  }

  @Override
  public BlockPass begin(HiddenStates input, boolean traceAttention) {
    if (input.values().columns() != width) {
      throw new IllegalArgumentException(
          "input: "
              + input.values()
              + ", expected "
              + width
              + " columns for block "
              + layout.name());
    }
    SequenceLayout sequences = input.layout();
    for (int s = 0; s < sequences.count(); s++) {
      if (sequences.firstPosition(s) != 0) {
        throw new IllegalArgumentException(
            "input: sequence "
                + s
                + " begins at position "
                + sequences.firstPosition(s)
                + ", expected whole sequences");
      }
    }
    return new Pass(input, traceAttention);
  }

  private final class Pass extends GroupPass {
    private final Activations activations;
    private final FloatMatrix output;

    Pass(HiddenStates input, boolean traceAttention) {
      super(layout);
      int tokens = input.layout().tokens();
      boolean inPlace = layout.outFeatures() == width;
      this.output =
          inPlace ? input.values().copy() : FloatMatrix.zeros(tokens, layout.outFeatures());
      int widest = layout.groups().stream().mapToInt(SiteGroup::inFeatures).max().orElse(0);
      this.activations =
          new Activations(
              input.layout(),
              inPlace ? output.data() : input.values().data(),
              output.data(),
              FloatMatrix.zeros(tokens, widest).data(),
              null,
              traceAttention ? new float[tokens] : null,
              new float[Math.multiplyExact(tokens, layout.carried())]);
      program().start(activations);
    }

    @Override
    public SiteInput input() {
      return activations.siteInput(group().inFeatures());
    }

    @Override
    public Optional<SiteInput> residual() {
      return layout.outFeatures() == width
          ? Optional.of(new SiteInput(output.data(), 0, width, activations.layout()))
          : Optional.empty();
    }

    @Override
    protected void run(int group) {
      program().step(group, activations);
    }

    @Override
    public HiddenStates output() {
      requireFinished();
      return new HiddenStates(output, activations.layout());
    }

    @Override
    public Optional<float[]> attentionReceived() {
      return activations.isAttentionKnown()
          ? Optional.ofNullable(activations.attentionReceived()).map(float[]::clone)
          : Optional.empty();
    }
  }
}
