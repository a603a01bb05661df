// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.LayerNorms;
import io.github.quant4j.model.runtime.ProjectedKeyValues;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * A pre-norm decoder block: {@code h += out(attention(q, k, v of norm(h)))}, where a token sees
 * none after it; {@code h += out(attention(q of norm(h); k, v of the encoder's output))}; {@code h
 * += fc2(gelu(fc1(norm(h))))}.
 */
final class TextBlockProgram {
  private static final int QUERY = 0;
  private static final int KEY = 1;
  private static final int VALUE = 2;

  private final int layer;
  private final WhisperDecoderConfiguration configuration;
  private final WhisperDecoderLayout.Norms norms;
  private final BlockWeights weights;
  private final GroupedAttention selfAttention;
  private final CrossAttention crossAttention;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  /**
   * A program.
   *
   * @param layer which of the caches' layers is the block's
   */
  TextBlockProgram(
      int layer,
      WhisperDecoderConfiguration configuration,
      WhisperDecoderLayout.Norms norms,
      BlockWeights weights,
      GroupedAttention selfAttention,
      CrossAttention crossAttention,
      KernelOptions options) {
    this.layer = layer;
    this.configuration = configuration;
    this.norms = norms;
    this.weights = weights;
    this.selfAttention = selfAttention;
    this.crossAttention = crossAttention;
    this.team = options.team();
    this.scratch = options.scratch();
  }

  /** Makes the input of the first group from the hidden states. */
  void start(TextActivations texts) {
    normalize(norms.self(), texts);
  }

  /**
   * Runs a group's sites on their input, and makes the input of the next group of the text. The
   * group of the memory reads the encoder's output instead, see {@link #remember}.
   */
  void step(int group, TextActivations texts) {
    switch (group) {
      case WhisperDecoderLayout.SELF_INPUT -> attendToText(texts);
      case WhisperDecoderLayout.SELF_OUTPUT -> {
        addTo(group, texts);
        normalize(norms.cross(), texts);
      }
      case WhisperDecoderLayout.CROSS_QUERY -> project(group, texts);
      case WhisperDecoderLayout.CROSS_MEMORY -> attendToSpeech(texts);
      case WhisperDecoderLayout.CROSS_OUTPUT -> {
        addTo(group, texts);
        normalize(norms.mlp(), texts);
      }
      case WhisperDecoderLayout.MLP_INPUT -> {
        project(group, texts);
        int width = weights.group(group).width();
        RowParts.run(
            team,
            texts.tokens(),
            row -> Elementwise.gelu(texts.input(), row * width, (row + 1) * width));
      }
      case WhisperDecoderLayout.MLP_OUTPUT -> addTo(group, texts);
      default -> throw new IllegalArgumentException("group: " + group + ", expected 0 to 6");
    }
  }

  /**
   * Runs the sites that read the encoder's output.
   *
   * @param states the output, {@code [frames of all windows, width]}
   * @param frames of each window
   */
  CrossMemory remember(float[] states, int[] frames) {
    return CrossMemory.of(
        weights.group(WhisperDecoderLayout.CROSS_MEMORY),
        states,
        frames,
        configuration.headStructure().headSize(),
        scratch);
  }

  private void normalize(NormSite norm, TextActivations texts) {
    LayerNorms.run(weights, norm, texts.hidden(), 0, texts.tokens(), texts.input(), 0, team);
  }

  private void attendToText(TextActivations texts) {
    SequenceLayout layout = texts.layout();
    int tokens = layout.tokens();
    SiteKernels sites = weights.group(WhisperDecoderLayout.SELF_INPUT);
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(texts.input(), tokens, projected);
    int keys = sites.offset(KEY, tokens);
    int values = sites.offset(VALUE, tokens);
    TextCache cache = texts.cache();
    GroupedAttention.KeyValues seen;
    if (cache == null) {
      seen =
          new ProjectedKeyValues(
              layout,
              projected,
              keys,
              values,
              configuration.headStructure().keyValueHeads(),
              configuration.headStructure().headSize(),
              configuration.headStructure().headSize());
    } else {
      cache.store(layer, layout, projected, keys, values);
      seen = cache.layer(layer);
    }
    selfAttention.run(
        layout, projected, sites.offset(QUERY, tokens), seen, null, texts.input(), null);
    scratch.release(projected);
  }

  /** The projected queries are the input, and what they gather becomes the input. */
  private void attendToSpeech(TextActivations texts) {
    int size = texts.tokens() * configuration.width();
    float[] queries = scratch.floats(size);
    System.arraycopy(texts.input(), 0, queries, 0, size);
    crossAttention.run(texts.layout(), texts.memory(), queries, texts.input());
    scratch.release(queries);
  }

  /** Replaces the input by what a group's only site makes of it. */
  private void project(int group, TextActivations texts) {
    SiteKernels sites = weights.group(group);
    int size = Math.multiplyExact(texts.tokens(), sites.width());
    float[] projected = scratch.floats(size);
    sites.multiply(texts.input(), texts.tokens(), projected);
    System.arraycopy(projected, 0, texts.input(), 0, size);
    scratch.release(projected);
  }

  /** Adds what a group's only site makes of the input to the hidden states. */
  private void addTo(int group, TextActivations texts) {
    SiteKernels sites = weights.group(group);
    int tokens = texts.tokens();
    int width = sites.width();
    float[] output = scratch.floats(Math.multiplyExact(tokens, width));
    sites.multiply(texts.input(), tokens, output);
    RowParts.run(
        team,
        tokens,
        row -> Elementwise.add(output, row * width, texts.hidden(), row * width, width));
    scratch.release(output);
  }
}
