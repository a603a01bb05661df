// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.model.runtime.EncoderLayout;
import io.github.quant4j.model.runtime.EncoderProgram;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.model.runtime.UnusedTensors;
import io.github.quant4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** Names, sites and relations of the encoder of a Whisper model. */
final class WhisperLayout implements EncoderLayout {
  private final WhisperConfiguration configuration;
  private final String prefix;
  private final TensorSource tensors;
  private final List<BlockLayout> blocks;
  private final BlockLayout head;

  /**
   * Finds the names.
   *
   * @param tensors tell whether names begin with {@code model.}, as in a checkpoint with a language
   *     head, and which sites have biases that a transform gave them
   */
  WhisperLayout(WhisperConfiguration configuration, TensorSource tensors) {
    this.configuration = configuration;
    this.tensors = tensors;
    this.prefix = tensors.find("encoder.conv1.weight").isPresent() ? "encoder." : "model.encoder.";
    List<BlockLayout> layouts = new ArrayList<>();
    for (int layer = 0; layer < configuration.layers(); layer++) {
      layouts.add(encoder(layer));
    }
    this.blocks = List.copyOf(layouts);
    this.head = new BlockLayout(prefix + "layer_norm", List.of(), configuration.width());
  }

  @Override
  public List<BlockLayout> blocks() {
    return blocks;
  }

  @Override
  public BlockLayout head() {
    return head;
  }

  @Override
  public NormSite finalNorm() {
    return norm(prefix + "layer_norm");
  }

  /** The module of a convolution of the stem, 1 or 2. */
  String convolution(int number) {
    return prefix + "conv" + number;
  }

  String positions() {
    return prefix + "embed_positions.weight";
  }

  @Override
  public EncoderProgram.Norms norms(int layer) {
    String name = name(layer);
    return new EncoderProgram.Norms(
        norm(name + ".self_attn_layer_norm"), norm(name + ".final_layer_norm"));
  }

  private String name(int layer) {
    return prefix + "layers." + layer;
  }

  private NormSite norm(String name) {
    return new NormSite(
        name, NormSite.Kind.LAYER, configuration.width(), WhisperConfiguration.NORM_EPSILON);
  }

  private BlockLayout encoder(int layer) {
    int width = configuration.width();
    int inner = configuration.intermediateSize();
    String name = name(layer);
    String attention = name + ".self_attn";
    EncoderProgram.Norms norms = norms(layer);
    LinearSite query = LinearSite.of(attention + ".q_proj", width, width, true);
    // Whisper's keys have no bias, but a shift that was folded away has left one.
    boolean keyBias = tensors.find(attention + ".k_proj.bias").isPresent();
    LinearSite key = LinearSite.of(attention + ".k_proj", width, width, keyBias);
    LinearSite value = LinearSite.of(attention + ".v_proj", width, width, true);
    LinearSite output = LinearSite.of(attention + ".out_proj", width, width, true);
    LinearSite first = LinearSite.of(name + ".fc1", width, inner, true);
    LinearSite second = LinearSite.of(name + ".fc2", inner, width, true);
    return EncoderLayout.block(
        name,
        List.of(query, key, value, output),
        List.of(first, second),
        norms,
        configuration.headStructure());
  }

  /** Looks for tensors that are missing, of another shape or type, or not used. */
  TensorCheck check(ModelWeights weights) {
    TensorCheck check = new TensorCheck(weights);
    int width = configuration.width();
    check.require(convolution(1) + ".weight", Shape.of(width, configuration.melBins(), 3), "");
    check.require(convolution(1) + ".bias", Shape.of(width), "");
    check.require(convolution(2) + ".weight", Shape.of(width, width, 3), "");
    check.require(convolution(2) + ".bias", Shape.of(width), "");
    check.require(positions(), Shape.of(configuration.positions(), width), "");
    for (int layer = 0; layer < configuration.layers(); layer++) {
      norms(layer).vectors().forEach(vector -> check.require(vector, Shape.of(width), ""));
      blocks.get(layer).sites().forEach(site -> check.requireSite(site, ""));
    }
    check.require(finalNorm().weight(), Shape.of(width), "");
    check.require(finalNorm().bias().orElseThrow(), Shape.of(width), "");
    check.requireAllUsed(
        new UnusedTensors.Names(
            List.of(prefix),
            prefix + "layers.",
            configuration.layers(),
            "encoder_layers",
            // The decoder and what comes after it, which are not read.
            List.of("decoder.", "model.decoder.", "proj_out.", "projector.", "classifier.")));
    return check;
  }
}
