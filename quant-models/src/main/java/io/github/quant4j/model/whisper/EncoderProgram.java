// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockProgram;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.ProjectedKeyValues;
import io.github.quant4j.model.runtime.ResidualSum;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * A pre-norm encoder block: {@code h += out(attention(q, k, v of norm(h)))}, where all tokens of a
 * sequence see each other, then {@code h += fc2(gelu(fc1(norm(h))))}.
 */
final class EncoderProgram implements BlockProgram {
  private static final int QUERY = 0;
  private static final int KEY = 1;
  private static final int VALUE = 2;

  private final WhisperConfiguration configuration;
  private final WhisperLayout.EncoderNames names;
  private final BlockWeights weights;
  private final GroupedAttention attention;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  EncoderProgram(
      WhisperConfiguration configuration,
      WhisperLayout.EncoderNames names,
      BlockWeights weights,
      GroupedAttention attention,
      KernelOptions options) {
    this.configuration = configuration;
    this.names = names;
    this.weights = weights;
    this.attention = attention;
    this.team = options.team();
    this.scratch = options.scratch();
  }

  @Override
  public void start(Activations activations) {
    normalize(weights, names.attentionNorm(), activations, activations.input(), team);
  }

  @Override
  public void step(int group, Activations activations) {
    switch (group) {
      case WhisperLayout.ATTENTION_INPUT -> attend(activations);
      case WhisperLayout.ATTENTION_OUTPUT -> {
        ResidualSum.add(weights.group(group), activations, team, scratch);
        normalize(weights, names.mlpNorm(), activations, activations.input(), team);
      }
      case WhisperLayout.MLP_INPUT -> activate(activations);
      case WhisperLayout.MLP_OUTPUT ->
          ResidualSum.add(weights.group(group), activations, team, scratch);
      default -> throw new IllegalArgumentException("group: " + group + ", expected 0 to 3");
    }
  }

  /** Normalizes the hidden states; the target may be their own array. */
  static void normalize(
      BlockWeights weights,
      NormSite norm,
      Activations activations,
      float[] target,
      WorkerTeam team) {
    LayerNorms.run(weights, norm, activations.hidden(), 0, activations.tokens(), target, 0, team);
  }

  private void attend(Activations activations) {
    SequenceLayout layout = activations.layout();
    int tokens = layout.tokens();
    SiteKernels sites = weights.group(WhisperLayout.ATTENTION_INPUT);
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    attention.run(
        layout,
        projected,
        sites.offset(QUERY, tokens),
        new ProjectedKeyValues(
            layout,
            projected,
            sites.offset(KEY, tokens),
            sites.offset(VALUE, tokens),
            configuration.headStructure().keyValueHeads(),
            configuration.headStructure().headSize(),
            configuration.headStructure().headSize()),
        null,
        activations.input(),
        activations.attentionReceived());
    activations.markAttentionKnown();
    scratch.release(projected);
  }

  private void activate(Activations activations) {
    int tokens = activations.tokens();
    SiteKernels sites = weights.group(WhisperLayout.MLP_INPUT);
    int width = sites.width();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, width));
    sites.multiply(activations.input(), tokens, projected);
    RowParts.run(
        team,
        tokens,
        row -> {
          Elementwise.gelu(projected, row * width, (row + 1) * width);
          System.arraycopy(projected, row * width, activations.input(), row * width, width);
        });
    scratch.release(projected);
  }
}
