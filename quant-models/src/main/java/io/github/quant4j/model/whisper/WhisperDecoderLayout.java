// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.model.runtime.UnusedTensors;
import io.github.quant4j.tensor.Shape;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Names, sites and relations of the decoder of a Whisper model. */
final class WhisperDecoderLayout {
  /** Index of the group of the self attention's q_proj, k_proj and v_proj. */
  static final int SELF_INPUT = 0;

  /** Index of the group of the self attention's out_proj. */
  static final int SELF_OUTPUT = 1;

  /** Index of the group of the cross attention's q_proj. */
  static final int CROSS_QUERY = 2;

  /** Index of the group of the cross attention's k_proj and v_proj, which read the encoder. */
  static final int CROSS_MEMORY = 3;

  /** Index of the group of the cross attention's out_proj. */
  static final int CROSS_OUTPUT = 4;

  /** Index of the group of fc1. */
  static final int MLP_INPUT = 5;

  /** Index of the group of fc2. */
  static final int MLP_OUTPUT = 6;

  private static final String HEAD = "proj_out";

  private final WhisperDecoderConfiguration configuration;
  private final String prefix;
  private final TensorSource tensors;
  private final List<BlockLayout> blocks;
  private final BlockLayout head;

  /** The norms of a decoder block. */
  record Norms(NormSite self, NormSite cross, NormSite mlp) {
    List<String> vectors() {
      return Stream.of(self, cross, mlp)
          .flatMap(norm -> Stream.of(norm.weight(), norm.bias().orElseThrow()))
          .toList();
    }
  }

  /**
   * Finds the names.
   *
   * @param tensors tell whether names begin with {@code model.}, and which sites have biases that a
   *     transform gave them
   */
  WhisperDecoderLayout(WhisperDecoderConfiguration configuration, TensorSource tensors) {
    this.configuration = configuration;
    this.tensors = tensors;
    this.prefix =
        tensors.find("decoder.embed_tokens.weight").isPresent() ? "decoder." : "model.decoder.";
    List<BlockLayout> layouts = new ArrayList<>();
    for (int layer = 0; layer < configuration.layers(); layer++) {
      layouts.add(block(layer));
    }
    this.blocks = List.copyOf(layouts);
    LinearSite logits =
        new LinearSite(
            HEAD,
            configuration.tied() ? embeddings() : HEAD + ".weight",
            Optional.empty(),
            configuration.width(),
            configuration.vocabularySize());
    this.head =
        new BlockLayout(
            "head",
            List.of(
                new SiteGroup(
                    "head.input", List.of(logits), new InputOrigin.Normalization(finalNorm()))),
            configuration.vocabularySize());
  }

  List<BlockLayout> blocks() {
    return blocks;
  }

  BlockLayout head() {
    return head;
  }

  NormSite finalNorm() {
    return norm(prefix + "layer_norm");
  }

  String embeddings() {
    return prefix + "embed_tokens.weight";
  }

  String positions() {
    return prefix + "embed_positions.weight";
  }

  Norms norms(int layer) {
    String name = name(layer);
    return new Norms(
        norm(name + ".self_attn_layer_norm"),
        norm(name + ".encoder_attn_layer_norm"),
        norm(name + ".final_layer_norm"));
  }

  private String name(int layer) {
    return prefix + "layers." + layer;
  }

  private NormSite norm(String name) {
    return new NormSite(
        name, NormSite.Kind.LAYER, configuration.width(), WhisperConfiguration.NORM_EPSILON);
  }

  private BlockLayout block(int layer) {
    int width = configuration.width();
    int inner = configuration.intermediateSize();
    String name = name(layer);
    String self = name + ".self_attn";
    String cross = name + ".encoder_attn";
    Norms norms = norms(layer);
    LinearSite value = square(self + ".v_proj");
    LinearSite crossValue = square(cross + ".v_proj");
    LinearSite first = LinearSite.of(name + ".fc1", width, inner, true);
    LinearSite second = LinearSite.of(name + ".fc2", inner, width, true);
    return new BlockLayout(
        name,
        List.of(
            new SiteGroup(
                "self_attn.input",
                List.of(square(self + ".q_proj"), key(self), value),
                new InputOrigin.Normalization(norms.self())),
            new SiteGroup(
                "self_attn.output",
                List.of(square(self + ".out_proj")),
                new InputOrigin.Attention(value, configuration.headStructure())),
            new SiteGroup(
                "encoder_attn.query",
                List.of(square(cross + ".q_proj")),
                new InputOrigin.Normalization(norms.cross())),
            // All blocks read the encoder's output, which none of them may change.
            new SiteGroup(
                "encoder_attn.memory", List.of(key(cross), crossValue), new InputOrigin.Fixed()),
            new SiteGroup(
                "encoder_attn.output",
                List.of(square(cross + ".out_proj")),
                new InputOrigin.Attention(crossValue, configuration.headStructure())),
            new SiteGroup("mlp.input", List.of(first), new InputOrigin.Normalization(norms.mlp())),
            new SiteGroup("mlp.output", List.of(second), new InputOrigin.Activated(first))),
        width);
  }

  private LinearSite square(String name) {
    return LinearSite.of(name, configuration.width(), configuration.width(), true);
  }

  /** Whisper's keys have no bias, but a shift that was folded away has left one. */
  private LinearSite key(String attention) {
    String name = attention + ".k_proj";
    boolean bias = tensors.find(name + ".bias").isPresent();
    return LinearSite.of(name, configuration.width(), configuration.width(), bias);
  }

  /** Looks for tensors that are missing, of another shape or type, or not used. */
  TensorCheck check(ModelWeights weights) {
    TensorCheck check = new TensorCheck(weights);
    int width = configuration.width();
    check.require(embeddings(), Shape.of(configuration.vocabularySize(), width), "");
    check.require(positions(), Shape.of(configuration.positions(), width), "");
    for (int layer = 0; layer < configuration.layers(); layer++) {
      norms(layer).vectors().forEach(vector -> check.require(vector, Shape.of(width), ""));
      blocks.get(layer).sites().forEach(site -> check.requireSite(site, ""));
    }
    check.require(finalNorm().weight(), Shape.of(width), "");
    check.require(finalNorm().bias().orElseThrow(), Shape.of(width), "");
    LinearSite logits = head.sites().getFirst();
    check.requireSite(logits, configuration.tied() ? "" : ", as 'tie_word_embeddings' is false");
    if (configuration.tied() && !isQuantized(weights)) {
      check.requireCopy(
          HEAD + ".weight",
          embeddings(),
          ", though 'tie_word_embeddings' is true; expected the same weights, or false");
    }
    check.requireAllUsed(
        new UnusedTensors.Names(
            List.of(prefix, HEAD + "."),
            prefix + "layers.",
            configuration.layers(),
            "decoder_layers",
            // The encoder, which has a check of its own, and heads of other tasks.
            List.of("encoder.", "model.encoder.", "projector.", "classifier.")));
    return check;
  }

  /** A head that cannot be read has been reported already. */
  private static boolean isQuantized(ModelWeights weights) {
    try {
      return weights.linear(HEAD).isPresent();
    } catch (UncheckedIOException _) {
      return true;
    }
  }
}
