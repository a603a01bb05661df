// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.moonshine;

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

/** Names, sites and relations of the encoder of a Moonshine model. */
final class MoonshineLayout implements EncoderLayout {
  private final MoonshineConfiguration configuration;
  private final TensorSource tensors;
  private final String prefix;
  private final List<BlockLayout> blocks;
  private final BlockLayout head;

  /**
   * Finds the names.
   *
   * @param tensors tell whether names begin with {@code model.}, and which sites and norms have
   *     biases that a transform gave them
   */
  MoonshineLayout(MoonshineConfiguration configuration, TensorSource tensors) {
    this.configuration = configuration;
    this.tensors = tensors;
    this.prefix = tensors.find("encoder.conv1.weight").isPresent() ? "encoder." : "model.encoder.";
    List<BlockLayout> layouts = new ArrayList<>();
    for (int layer = 0; layer < configuration.layers(); layer++) {
      layouts.add(block(layer));
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

  /** The module of a convolution of the stem, 1 to 3. */
  String convolution(int number) {
    return prefix + "conv" + number;
  }

  /** The module of the norm behind the first convolution. */
  String groupNorm() {
    return prefix + "groupnorm";
  }

  @Override
  public EncoderProgram.Norms norms(int layer) {
    String name = name(layer);
    return new EncoderProgram.Norms(
        norm(name + ".input_layernorm"), norm(name + ".post_attention_layernorm"));
  }

  private String name(int layer) {
    return prefix + "layers." + layer;
  }

  private NormSite norm(String name) {
    boolean biased = tensors.find(name + ".bias").isPresent();
    return new NormSite(
        name,
        NormSite.Kind.LAYER,
        configuration.width(),
        MoonshineConfiguration.NORM_EPSILON,
        0f,
        biased);
  }

  private LinearSite square(String name, boolean biased) {
    boolean given = tensors.find(name + ".bias").isPresent();
    return LinearSite.of(name, configuration.width(), configuration.width(), biased || given);
  }

  private BlockLayout block(int layer) {
    int width = configuration.width();
    int inner = configuration.intermediateSize();
    boolean biased = configuration.biased();
    String name = name(layer);
    String attention = name + ".self_attn";
    EncoderProgram.Norms norms = norms(layer);
    LinearSite query = square(attention + ".q_proj", biased);
    LinearSite key = square(attention + ".k_proj", biased);
    LinearSite value = square(attention + ".v_proj", biased);
    LinearSite output = square(attention + ".o_proj", false);
    LinearSite first = LinearSite.of(name + ".mlp.fc1", width, inner, true);
    LinearSite second = LinearSite.of(name + ".mlp.fc2", inner, width, true);
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
    check.require(
        convolution(1) + ".weight", Shape.of(width, 1, WaveformStem.KERNELS.getFirst()), "");
    check.require(
        convolution(2) + ".weight", Shape.of(2L * width, width, WaveformStem.KERNELS.get(1)), "");
    check.require(convolution(2) + ".bias", Shape.of(2L * width), "");
    check.require(
        convolution(3) + ".weight", Shape.of(width, 2L * width, WaveformStem.KERNELS.get(2)), "");
    check.require(convolution(3) + ".bias", Shape.of(width), "");
    check.require(groupNorm() + ".weight", Shape.of(width), "");
    check.require(groupNorm() + ".bias", Shape.of(width), "");
    for (int layer = 0; layer < configuration.layers(); layer++) {
      norms(layer).vectors().forEach(vector -> check.require(vector, Shape.of(width), ""));
      blocks.get(layer).sites().forEach(site -> check.requireSite(site, ""));
    }
    check.require(finalNorm().weight(), Shape.of(width), "");
    finalNorm().bias().ifPresent(bias -> check.require(bias, Shape.of(width), ""));
    check.requireAllUsed(
        new UnusedTensors.Names(
            List.of(prefix),
            prefix + "layers.",
            configuration.layers(),
            "encoder_num_hidden_layers",
            // The decoder and its head, which are not read.
            List.of("decoder.", "model.decoder.", "proj_out.")));
    return check;
  }
}
