// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A decoder block. Its hidden states are, for each text, the frames of its window and behind them
 * its tokens, see {@link SpokenStates}; it leaves the frames as they are.
 */
final class TextBlock implements Block {
  private final BlockLayout layout;
  private final DecoderConfiguration configuration;
  private volatile @Nullable Contents contents;

  private record Contents(BlockWeights weights, TextBlockProgram program) {}

  TextBlock(DecoderConfiguration configuration, BlockWeights weights, TextBlockProgram program) {
    this.layout = weights.layout();
    this.configuration = configuration;
    this.contents = new Contents(weights, program);
  }

  private Contents contents() {
    Contents present = contents;
    if (present == null) {
      throw new IllegalStateException("block " + layout.name() + " is closed");
    }
    return present;
  }

  TextBlockProgram program() {
    return contents().program;
  }

  @Override
  public BlockLayout layout() {
    return layout;
  }

  @Override
  public QuantizedLinear linear(LinearSite site) {
    return contents().weights.linear(site);
  }

  @Override
  public void replace(LinearSite site, QuantizedLinear linear) {
    contents().weights.replace(site, linear);
  }

  @Override
  public float[] vector(String tensor) {
    return contents().weights.vector(tensor).clone();
  }

  @Override
  public void replaceVector(String tensor, float[] values) {
    contents().weights.replaceVector(tensor, values);
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

  @Override
  public void close() {
    contents = null;
  }

  /** The name of the block. */
  @Override
  public String toString() {
    return layout.name();
  }

  private final class Pass implements BlockPass {
    private final SpokenStates states;
    private final TextActivations texts;
    private int nextGroup;

    Pass(SpokenStates states) {
      this.states = states;
      int widest = layout.groups().stream().mapToInt(SiteGroup::inFeatures).max().orElseThrow();
      int tokens = states.texts().tokens();
      this.texts =
          new TextActivations(
              states.texts(), states.hidden(), FloatMatrix.zeros(tokens, widest).data(), null);
      program().start(texts);
    }

    @Override
    public int nextGroup() {
      return nextGroup;
    }

    private SiteGroup group() {
      if (nextGroup == layout.groups().size()) {
        throw new IllegalStateException("the pass through block " + layout.name() + " is finished");
      }
      return layout.groups().get(nextGroup);
    }

    /** {@inheritDoc} The rows of a text's tokens, or for the group of the memory its frames. */
    @Override
    public SiteInput input() {
      int inFeatures = group().inFeatures();
      return nextGroup == DecoderLayout.CROSS_MEMORY
          ? new SiteInput(states.features(), 0, inFeatures, states.windows())
          : new SiteInput(texts.input(), 0, inFeatures, states.texts());
    }

    @Override
    public Optional<SiteInput> residual() {
      return nextGroup == DecoderLayout.CROSS_MEMORY
          ? Optional.empty()
          : Optional.of(new SiteInput(states.hidden(), 0, configuration.width(), states.texts()));
    }

    @Override
    public void advance() {
      group();
      if (nextGroup == DecoderLayout.CROSS_MEMORY) {
        texts.setMemory(program().remember(states.features(), states.frames()));
      }
      program().step(nextGroup, texts);
      nextGroup++;
    }

    @Override
    public HiddenStates output() {
      if (nextGroup < layout.groups().size()) {
        throw new IllegalStateException(
            "the pass through block " + layout.name() + " stands before group " + group().name());
      }
      return states.joined();
    }

    @Override
    public Optional<float[]> attentionReceived() {
      return Optional.empty();
    }
  }
}
