// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A block of any network: its weights, and a program that runs between its site groups. */
public final class OpenBlock implements Block {
  private final BlockLayout layout;
  private final int width;
  private volatile @Nullable Contents contents;

  private record Contents(BlockWeights weights, BlockProgram program) {}

  /**
   * Puts a block together.
   *
   * @param width columns of the block's input
   */
  public OpenBlock(int width, BlockWeights weights, BlockProgram program) {
    this.layout = weights.layout();
    this.width = width;
    this.contents = new Contents(weights, program);
  }

  private Contents contents() {
    Contents present = contents;
    if (present == null) {
      throw new IllegalStateException("block " + layout.name() + " is closed");
    }
    return present;
  }

  public BlockWeights weights() {
    return contents().weights;
  }

  public BlockProgram program() {
    return contents().program;
  }

  @Override
  public BlockLayout layout() {
    return layout;
  }

  @Override
  public QuantizedLinear linear(LinearSite site) {
    return weights().linear(site);
  }

  @Override
  public void replace(LinearSite site, QuantizedLinear linear) {
    weights().replace(site, linear);
  }

  @Override
  public float[] vector(String tensor) {
    return weights().vector(tensor).clone();
  }

  @Override
  public void replaceVector(String tensor, float[] values) {
    weights().replaceVector(tensor, values);
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
    private final Activations activations;
    private final FloatMatrix output;
    private int nextGroup;

    Pass(HiddenStates input, boolean traceAttention) {
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
    public int nextGroup() {
      return nextGroup;
    }

    private SiteGroup group() {
      if (nextGroup == layout.groups().size()) {
        throw new IllegalStateException("the pass through block " + layout.name() + " is finished");
      }
      return layout.groups().get(nextGroup);
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
    public void advance() {
      group();
      program().step(nextGroup, activations);
      nextGroup++;
    }

    @Override
    public HiddenStates output() {
      if (nextGroup < layout.groups().size()) {
        throw new IllegalStateException(
            "the pass through block " + layout.name() + " stands before group " + group().name());
      }
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
