// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.GroupPass;
import io.github.quant4j.model.runtime.WeightedBlock;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;

/**
 * A decoder block. Its hidden states are, for each text, the frames of its window and behind them
 * its tokens, see {@link SpokenStates}; it leaves the frames as they are.
 */
final class TextBlock extends WeightedBlock<TextBlockProgram> {
  private final BlockLayout layout;
  private final WhisperDecoderConfiguration configuration;

  TextBlock(
      WhisperDecoderConfiguration configuration, BlockWeights weights, TextBlockProgram program) {
    super(weights, program);
    this.layout = weights.layout();
    this.configuration = configuration;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Attention is not traced.
   */
  @Override
  public BlockPass begin(HiddenStates input, boolean traceAttention) {
    return new Pass(
        SpokenStates.of(input, configuration.windowFrames(), configuration.width(), layout.name()));
  }

  private final class Pass extends GroupPass {
    private final SpokenStates states;
    private final TextActivations texts;

    Pass(SpokenStates states) {
      super(layout);
      this.states = states;
      int widest = layout.groups().stream().mapToInt(SiteGroup::inFeatures).max().orElseThrow();
      int tokens = states.texts().tokens();
      this.texts =
          new TextActivations(
              states.texts(), states.hidden(), FloatMatrix.zeros(tokens, widest).data(), null);
      program().start(texts);
    }

    /** {@inheritDoc} The rows of a text's tokens, or for the group of the memory its frames. */
    @Override
    public SiteInput input() {
      int inFeatures = group().inFeatures();
      return nextGroup() == WhisperDecoderLayout.CROSS_MEMORY
          ? new SiteInput(states.features(), 0, inFeatures, states.windows())
          : new SiteInput(texts.input(), 0, inFeatures, states.texts());
    }

    @Override
    public Optional<SiteInput> residual() {
      return nextGroup() == WhisperDecoderLayout.CROSS_MEMORY
          ? Optional.empty()
          : Optional.of(new SiteInput(states.hidden(), 0, configuration.width(), states.texts()));
    }

    @Override
    protected void run(int group) {
      if (group == WhisperDecoderLayout.CROSS_MEMORY) {
        texts.setMemory(program().remember(states.features(), states.frames()));
      }
      program().step(group, texts);
    }

    @Override
    public HiddenStates output() {
      requireFinished();
      return states.joined();
    }

    @Override
    public Optional<float[]> attentionReceived() {
      return Optional.empty();
    }
  }
}
