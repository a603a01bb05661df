// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The end of a decoder: {@code logits = proj_out(norm(h))} of the tokens of each text. */
final class TextHead implements Block {
  private final int windowFrames;
  private final NormSite norm;
  private final BlockLayout layout;
  private final WorkerTeam team;
  private volatile @Nullable BlockWeights contents;

  TextHead(int windowFrames, NormSite norm, BlockWeights weights, WorkerTeam team) {
    this.windowFrames = windowFrames;
    this.norm = norm;
    this.layout = weights.layout();
    this.team = team;
    this.contents = weights;
  }

  private BlockWeights weights() {
    BlockWeights present = contents;
    if (present == null) {
      throw new IllegalStateException("block " + layout.name() + " is closed");
    }
    return present;
  }

  /** Normalizes hidden states {@code [rows, width]} as the head reads them. */
  void normalize(float[] hidden, int rows, float[] target) {
    LayerNorms.run(weights(), norm, hidden, 0, rows, target, 0, team);
  }

  /** The logits of rows that are normalized. */
  void multiply(float[] normalized, int rows, float[] logits) {
    weights().group(0).multiply(normalized, rows, logits);
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
    return new Pass(SpokenStates.of(input, windowFrames, norm.width(), layout.name()));
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
    private final float[] normalized;
    private @Nullable FloatMatrix logits;

    Pass(SpokenStates states) {
      this.states = states;
      this.normalized = new float[states.hidden().length];
      normalize(states.hidden(), states.texts().tokens(), normalized);
    }

    @Override
    public int nextGroup() {
      return logits == null ? 0 : 1;
    }

    @Override
    public SiteInput input() {
      requireOpen();
      return new SiteInput(normalized, 0, norm.width(), states.texts());
    }

    private void requireOpen() {
      if (logits != null) {
        throw new IllegalStateException("the pass through block " + layout.name() + " is finished");
      }
    }

    @Override
    public void advance() {
      requireOpen();
      int tokens = states.texts().tokens();
      FloatMatrix result = FloatMatrix.zeros(tokens, layout.outFeatures());
      multiply(normalized, tokens, result.data());
      logits = result;
    }

    @Override
    public HiddenStates output() {
      FloatMatrix result = logits;
      if (result == null) {
        throw new IllegalStateException(
            "the pass through block "
                + layout.name()
                + " stands before group "
                + layout.groups().getFirst().name());
      }
      return new HiddenStates(result, states.texts());
    }

    @Override
    public Optional<float[]> attentionReceived() {
      return Optional.empty();
    }
  }
}
