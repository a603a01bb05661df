// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.DeltaRule;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.KeyValueCache;
import io.github.quant4j.model.runtime.RecurrentState;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Linear attention of a layer up to the input of its output projection, see {@link DeltaShape}: one
 * token after the other, all heads of all sequences side by side.
 */
final class DeltaProgram {
  private final DeltaShape shape;
  private final DeltaShape.Sizes sizes;
  private final int layer;
  private final BlockWeights weights;
  private final WorkerTeam team;
  private final ScratchPool scratch;
  private final DeltaRule rule;

  DeltaProgram(DeltaShape shape, int layer, BlockWeights weights, DecoderResources resources) {
    this.shape = shape;
    this.sizes = shape.sizes();
    this.layer = layer;
    this.weights = weights;
    this.team = resources.options().team();
    this.scratch = resources.options().scratch();
    this.rule = new DeltaRule(sizes.keyWidth(), sizes.valueWidth());
  }

  /** Steps for all groups but the output projection. */
  List<GroupStep> steps() {
    return List.of(this::mix);
  }

  /**
   * A batch on its way.
   *
   * @param projected outputs of the projection {@code [tokens, outputs]}, then the rates
   * @param rates where the rates begin, {@code [tokens, 2 * value heads]}
   * @param inputs of the convolution, {@code [tokens, channels]}
   * @param convolved queries, keys and values, {@code [tokens, channels]}
   * @param state what the sequences have seen before, if anything
   */
  private record Batch(
      SequenceLayout layout,
      float[] projected,
      int rates,
      float[] inputs,
      float[] convolved,
      @Nullable RecurrentState state,
      float[] result) {}

  private void mix(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    int size = Math.multiplyExact(tokens, sizes.channels());
    KeyValueCache cache = activations.cache();
    Batch batch =
        new Batch(
            activations.layout(),
            scratch.floats(Math.multiplyExact(tokens, sites.width())),
            sites.offset(1, tokens),
            scratch.floats(size),
            scratch.floats(size),
            cache == null ? null : cache.recurrent(layer),
            activations.input());
    if (batch.state != null) {
      batch.state.begin(batch.layout);
    }
    sites.multiply(activations.input(), tokens, batch.projected);
    RowParts.run(team, tokens, row -> sort(batch, row));
    RowParts.run(team, tokens, row -> convolve(batch, row));
    if (batch.state != null) {
      keepInputs(batch, batch.state);
    }
    int heads = sizes.valueHeads();
    team.run(batch.layout.count() * heads, part -> recur(batch, part / heads, part % heads));
    scratch.release(batch.projected);
    scratch.release(batch.inputs);
    scratch.release(batch.convolved);
  }

  /** Where the outputs of a key head begin. */
  private int projected(int row, int keyHead) {
    return (row * sizes.keyHeads() + keyHead) * outputsOfKeyHead();
  }

  private int outputsOfKeyHead() {
    return 2 * sizes.keyWidth() + 2 * sizes.repeats() * sizes.valueWidth();
  }

  /** Puts a token's queries, keys and values in the order of the convolution's channels. */
  private void sort(Batch batch, int row) {
    int keyWidth = sizes.keyWidth();
    int valueWidth = sizes.repeats() * sizes.valueWidth();
    int queries = row * sizes.channels();
    int keys = queries + sizes.keyChannels();
    int values = keys + sizes.keyChannels();
    for (int g = 0; g < sizes.keyHeads(); g++) {
      int from = projected(row, g);
      System.arraycopy(batch.projected, from, batch.inputs, queries + g * keyWidth, keyWidth);
      System.arraycopy(
          batch.projected, from + keyWidth, batch.inputs, keys + g * keyWidth, keyWidth);
      System.arraycopy(
          batch.projected, from + 2 * keyWidth, batch.inputs, values + g * valueWidth, valueWidth);
    }
  }

  /** Convolution, SiLU, and the lengths of a token's queries and keys. */
  private void convolve(Batch batch, int row) {
    int channels = sizes.channels();
    int kernel = sizes.kernel();
    float[] taps = weights.vector(shape.convolution());
    SequenceLayout layout = batch.layout;
    int sequence = layout.sequence(row);
    int start = layout.start(sequence);
    int to = row * channels;
    Arrays.fill(batch.convolved, to, to + channels, 0f);
    for (int back = 0; back < kernel; back++) {
      int at = row - back;
      if (at >= start) {
        addTap(taps, kernel - 1 - back, batch.inputs, at * channels, batch.convolved, to);
      } else if (batch.state != null) {
        // The last inputs end before the sequence's first token of this batch.
        int from = batch.state.inputOffset(sequence) + (kernel - 1 - (start - at)) * channels;
        addTap(taps, kernel - 1 - back, batch.state.inputs(), from, batch.convolved, to);
      }
    }
    Elementwise.swish(batch.convolved, to, to + channels);
    int keyWidth = sizes.keyWidth();
    double factor = 1 / Math.sqrt(keyWidth);
    for (int g = 0; g < sizes.keyHeads(); g++) {
      int query = to + g * keyWidth;
      DeltaRule.normalize(factor, batch.convolved, query, keyWidth);
      DeltaRule.normalize(1, batch.convolved, query + sizes.keyChannels(), keyWidth);
    }
  }

  private void addTap(float[] taps, int tap, float[] x, int from, float[] y, int to) {
    int kernel = sizes.kernel();
    for (int c = 0; c < sizes.channels(); c++) {
      y[to + c] += taps[c * kernel + tap] * x[from + c];
    }
  }

  /** Keeps the last inputs of each sequence for the batch that follows. */
  private void keepInputs(Batch batch, RecurrentState state) {
    int channels = sizes.channels();
    int kept = sizes.kernel() - 1;
    for (int s = 0; s < batch.layout.count(); s++) {
      int length = batch.layout.length(s);
      int fresh = Math.min(length, kept);
      int base = state.inputOffset(s);
      System.arraycopy(
          state.inputs(), base + fresh * channels, state.inputs(), base, (kept - fresh) * channels);
      System.arraycopy(
          batch.inputs,
          (batch.layout.start(s) + length - fresh) * channels,
          state.inputs(),
          base + (kept - fresh) * channels,
          fresh * channels);
    }
  }

  /** Takes a value head of a sequence through all its tokens. */
  private void recur(Batch batch, int sequence, int head) {
    int length = batch.layout.length(sequence);
    if (length == 0) {
      return;
    }
    int keyWidth = sizes.keyWidth();
    int valueWidth = sizes.valueWidth();
    int size = keyWidth * valueWidth;
    int keyHead = head / sizes.repeats();
    int member = head % sizes.repeats();
    float logarithm = weights.vector(shape.decay())[head];
    float decayBias = weights.vector(shape.decayBias())[head];
    RowNorm norm = shape.norm().in(weights);
    RecurrentState before = batch.state;
    float[] change = scratch.floats(valueWidth);
    float[] state = before == null ? scratch.floats(size) : before.states();
    int at = before == null ? 0 : before.stateOffset(sequence) + head * size;
    if (before == null) {
      Arrays.fill(state, 0, size, 0f);
    }
    int first = batch.layout.start(sequence);
    for (int row = first; row < first + length; row++) {
      int rate = batch.rates + 2 * (row * sizes.valueHeads() + keyHead * sizes.repeats()) + member;
      int query = row * sizes.channels() + keyHead * keyWidth;
      int value = row * sizes.channels() + 2 * sizes.keyChannels() + head * valueWidth;
      int to = (row * sizes.valueHeads() + head) * valueWidth;
      rule.step(
          state,
          at,
          batch.convolved,
          query,
          query + sizes.keyChannels(),
          value,
          DeltaRule.decay(logarithm, batch.projected[rate + sizes.repeats()] + decayBias),
          Elementwise.sigmoid(batch.projected[rate]),
          change,
          batch.result,
          to);
      norm.apply(batch.result, to, batch.result, to);
      int gate = projected(row, keyHead) + 2 * keyWidth + (sizes.repeats() + member) * valueWidth;
      Elementwise.swish(batch.projected, gate, gate + valueWidth);
      Elementwise.multiply(batch.result, to, batch.projected, gate, batch.result, to, valueWidth);
    }
    scratch.release(change);
    if (before == null) {
      scratch.release(state);
    }
  }
}
