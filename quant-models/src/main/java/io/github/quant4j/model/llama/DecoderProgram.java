// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockProgram;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.KeyValueCache;
import io.github.quant4j.model.runtime.ProjectedKeyValues;
import io.github.quant4j.model.runtime.ResidualSum;
import io.github.quant4j.model.runtime.RotaryTable;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/**
 * A decoder block of the Llama family: {@code h += o(attention(q, k, v of norm(h)))}, then {@code h
 * += down(silu(gate) * up of norm(h))}.
 */
final class DecoderProgram implements BlockProgram {
  private static final int QUERY = 0;
  private static final int KEY = 1;
  private static final int VALUE = 2;

  private final LlamaConfiguration configuration;
  private final LlamaLayout.DecoderNames names;
  private final int layer;
  private final BlockWeights weights;
  private final RotaryTable rotary;
  private final GroupedAttention attention;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  DecoderProgram(
      LlamaConfiguration configuration,
      LlamaLayout.DecoderNames names,
      int layer,
      BlockWeights weights,
      Resources resources) {
    this.configuration = configuration;
    this.names = names;
    this.layer = layer;
    this.weights = weights;
    this.rotary = resources.rotary();
    this.attention = resources.attention();
    this.team = resources.options().team();
    this.scratch = resources.options().scratch();
  }

  /** What all blocks of a model share. */
  record Resources(RotaryTable rotary, GroupedAttention attention, KernelOptions options) {}

  @Override
  public void start(Activations activations) {
    normalize(activations, names.inputNorm());
  }

  @Override
  public void step(int group, Activations activations) {
    switch (group) {
      case LlamaLayout.ATTENTION_INPUT -> attend(activations);
      case LlamaLayout.ATTENTION_OUTPUT -> {
        ResidualSum.add(weights.group(group), activations, team, scratch);
        normalize(activations, names.outputNorm());
      }
      case LlamaLayout.MLP_INPUT -> gate(activations);
      case LlamaLayout.MLP_OUTPUT ->
          ResidualSum.add(weights.group(group), activations, team, scratch);
      default -> throw new IllegalArgumentException("group: " + group + ", expected 0 to 3");
    }
  }

  private void normalize(Activations activations, String norm) {
    float[] weight = weights.vector(norm);
    int width = weight.length;
    double epsilon = configuration.normEpsilon();
    RowParts.run(
        team,
        activations.tokens(),
        row ->
            Elementwise.rootMeanSquareNorm(
                activations.hidden(),
                row * width,
                weight,
                epsilon,
                activations.input(),
                row * width));
  }

  private void attend(Activations activations) {
    SequenceLayout layout = activations.layout();
    int tokens = layout.tokens();
    SiteKernels sites = weights.group(LlamaLayout.ATTENTION_INPUT);
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    int keys = sites.offset(KEY, tokens);
    int values = sites.offset(VALUE, tokens);
    RotaryTable.Angles angles = rotary.upTo(end(layout));
    RowParts.run(
        team,
        tokens,
        row -> {
          int position = layout.position(row);
          LlamaConfiguration.Attention shape = configuration.attention();
          place(
              projected,
              sites.offset(QUERY, tokens),
              shape.heads(),
              row,
              names.queryNorm(),
              angles,
              position);
          place(projected, keys, shape.keyValueHeads(), row, names.keyNorm(), angles, position);
        });
    KeyValueCache cache = activations.cache();
    GroupedAttention.KeyValues keyValues;
    if (cache == null) {
      LlamaConfiguration.Attention shape = configuration.attention();
      keyValues =
          new ProjectedKeyValues(
              layout, projected, keys, values, shape.keyValueWidth(), shape.headWidth());
    } else {
      cache.store(layer, layout, projected, keys, values);
      keyValues = new Cached(cache);
    }
    attention.run(
        layout,
        projected,
        sites.offset(QUERY, tokens),
        keyValues,
        configuration.attention().windows().get(layer),
        activations.input(),
        activations.attentionReceived());
    activations.markAttentionKnown();
    scratch.release(projected);
  }

  /** Normalizes the heads of a row if the model does so, and turns them to their position. */
  private void place(
      float[] projected,
      int from,
      int heads,
      int row,
      @Nullable String norm,
      RotaryTable.Angles angles,
      int position) {
    int headWidth = configuration.attention().headWidth();
    for (int head = 0; head < heads; head++) {
      int at = from + (row * heads + head) * headWidth;
      if (norm != null) {
        Elementwise.rootMeanSquareNorm(
            projected, at, weights.vector(norm), configuration.normEpsilon(), projected, at);
      }
      angles.rotate(position, projected, at);
    }
  }

  private static int end(SequenceLayout layout) {
    int end = 0;
    for (int s = 0; s < layout.count(); s++) {
      end = Math.max(end, layout.firstPosition(s) + layout.length(s));
    }
    return end;
  }

  private void gate(Activations activations) {
    int tokens = activations.tokens();
    int width = configuration.intermediateSize();
    SiteKernels sites = weights.group(LlamaLayout.MLP_INPUT);
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    int up = sites.offset(1, tokens);
    RowParts.run(
        team,
        tokens,
        row -> {
          Elementwise.swish(projected, row * width, (row + 1) * width);
          Elementwise.multiply(
              projected,
              row * width,
              projected,
              up + row * width,
              activations.input(),
              row * width,
              width);
        });
    scratch.release(projected);
  }

  /** Keys and values of everything seen so far. */
  private final class Cached implements GroupedAttention.KeyValues {
    private final KeyValueCache cache;

    Cached(KeyValueCache cache) {
      this.cache = cache;
    }

    @Override
    public float[] keys() {
      return cache.keys(layer);
    }

    @Override
    public float[] values() {
      return cache.values(layer);
    }

    @Override
    public int keyOffset(int sequence, int head) {
      return cache.offset(sequence, head);
    }

    @Override
    public int valueOffset(int sequence, int head) {
      return cache.offset(sequence, head);
    }

    @Override
    public int stride() {
      return configuration.attention().headWidth();
    }
  }
}
