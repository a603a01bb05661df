// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.transform.HeadStructure;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pre-norm encoder block: {@code h += out(attention(q, k, v of norm(h)))}, where all tokens of a
 * sequence see each other and may be rotated by their positions, then {@code h +=
 * fc2(gelu(fc1(norm(h))))}.
 */
public final class EncoderProgram implements BlockProgram {
  /** Index of the group of the projections to queries, keys and values. */
  public static final int ATTENTION_INPUT = 0;

  /** Index of the group of the projection of what attention gathers. */
  public static final int ATTENTION_OUTPUT = 1;

  /** Index of the group of the first layer of the MLP. */
  public static final int MLP_INPUT = 2;

  /** Index of the group of the second layer of the MLP. */
  public static final int MLP_OUTPUT = 3;

  private static final int QUERY = 0;
  private static final int KEY = 1;
  private static final int VALUE = 2;

  private final HeadStructure heads;
  private final Norms norms;
  private final BlockWeights weights;
  private final GroupedAttention attention;
  private final @Nullable RotaryTable rotary;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  /** The norms of a block: before attention, and before the MLP. */
  public record Norms(NormSite attention, NormSite mlp) {

    /** Their tensors, without biases that they lack. */
    public List<String> vectors() {
      return Stream.of(attention, mlp)
          .flatMap(norm -> Stream.concat(Stream.of(norm.weight()), norm.bias().stream()))
          .toList();
    }
  }

  /**
   * A program.
   *
   * @param rotary turns queries and keys; null if positions are in the hidden states
   */
  public EncoderProgram(
      HeadStructure heads,
      Norms norms,
      BlockWeights weights,
      GroupedAttention attention,
      @Nullable RotaryTable rotary,
      KernelOptions options) {
    this.heads = heads;
    this.norms = norms;
    this.weights = weights;
    this.attention = attention;
    this.rotary = rotary;
    this.team = options.team();
    this.scratch = options.scratch();
  }

  @Override
  public void start(Activations activations) {
    normalize(weights, norms.attention(), activations, activations.input(), team);
  }

  @Override
  public void step(int group, Activations activations) {
    switch (group) {
      case ATTENTION_INPUT -> attend(activations);
      case ATTENTION_OUTPUT -> {
        ResidualSum.add(weights.group(group), activations, team, scratch);
        normalize(weights, norms.mlp(), activations, activations.input(), team);
      }
      case MLP_INPUT -> activate(activations);
      case MLP_OUTPUT -> ResidualSum.add(weights.group(group), activations, team, scratch);
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
    SiteKernels sites = weights.group(ATTENTION_INPUT);
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    rotate(layout, projected, sites.offset(QUERY, tokens));
    rotate(layout, projected, sites.offset(KEY, tokens));
    attention.run(
        layout,
        projected,
        sites.offset(QUERY, tokens),
        new ProjectedKeyValues(
            layout,
            projected,
            sites.offset(KEY, tokens),
            sites.offset(VALUE, tokens),
            heads.keyValueHeads(),
            heads.headSize(),
            heads.headSize()),
        null,
        activations.input(),
        activations.attentionReceived());
    activations.markAttentionKnown();
    scratch.release(projected);
  }

  private void rotate(SequenceLayout layout, float[] projected, int from) {
    RotaryTable table = rotary;
    if (table == null) {
      return;
    }
    int width = heads.keyValueHeads() * heads.headSize();
    for (int s = 0; s < layout.count(); s++) {
      int first = from + layout.start(s) * width;
      RotaryTable.Angles angles = table.upTo(layout.length(s));
      RowParts.run(
          team,
          layout.length(s),
          position -> {
            for (int head = 0; head < heads.keyValueHeads(); head++) {
              angles.rotate(
                  position, projected, first + position * width + head * heads.headSize());
            }
          });
    }
  }

  private void activate(Activations activations) {
    int tokens = activations.tokens();
    SiteKernels sites = weights.group(MLP_INPUT);
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
