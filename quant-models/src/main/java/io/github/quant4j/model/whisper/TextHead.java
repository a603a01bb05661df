// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.GroupPass;
import io.github.quant4j.model.runtime.WeightedBlock;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The end of a decoder: {@code logits = proj_out(norm(h))} of the tokens of each text. */
final class TextHead extends WeightedBlock<TextHeadProgram> {
  private final int windowFrames;
  private final int width;
  private final BlockLayout layout;

  TextHead(int windowFrames, NormSite norm, BlockWeights weights, WorkerTeam team) {
    super(weights, new TextHeadProgram(norm, weights, team));
    this.windowFrames = windowFrames;
    this.width = norm.width();
    this.layout = weights.layout();
  }

  @Override
  public BlockPass begin(HiddenStates input, boolean traceAttention) {
    return new Pass(SpokenStates.of(input, windowFrames, width, layout.name()));
  }

  private final class Pass extends GroupPass {
    private final SpokenStates states;
    private final float[] normalized;
    private @Nullable FloatMatrix logits;

    Pass(SpokenStates states) {
      super(layout);
      this.states = states;
      this.normalized = new float[states.hidden().length];
      program().normalize(states.hidden(), states.texts().tokens(), normalized);
    }

    @Override
    public SiteInput input() {
      return new SiteInput(normalized, 0, group().inFeatures(), states.texts());
    }

    @Override
    protected void run(int group) {
      // Made this late, since passes that wait before the head would hold a vocabulary each.
      FloatMatrix result = FloatMatrix.zeros(states.texts().tokens(), layout.outFeatures());
      program().multiply(normalized, result.rows(), result.data());
      logits = result;
    }

    @Override
    public HiddenStates output() {
      requireFinished();
      return new HiddenStates(Objects.requireNonNull(logits), states.texts());
    }

    @Override
    public Optional<float[]> attentionReceived() {
      return Optional.empty();
    }
  }
}
