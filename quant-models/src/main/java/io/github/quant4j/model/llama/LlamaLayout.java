// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.transform.HeadStructure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Names, sites and relations of a decoder of the Llama family. */
final class LlamaLayout {
  static final String EMBEDDINGS = "model.embed_tokens.weight";
  static final String FINAL_NORM = "model.norm.weight";

  /** Index of the group of q_proj, k_proj and v_proj. */
  static final int ATTENTION_INPUT = 0;

  /** Index of the group of o_proj. */
  static final int ATTENTION_OUTPUT = 1;

  /** Index of the group of gate_proj and up_proj. */
  static final int MLP_INPUT = 2;

  /** Index of the group of down_proj. */
  static final int MLP_OUTPUT = 3;

  static final String HEAD = "lm_head";

  /** What the names of blocks begin with, before their number. */
  static final String LAYERS = "model.layers.";

  private final LlamaConfiguration configuration;
  private final List<BlockLayout> blocks;
  private final BlockLayout head;

  /** The vectors of a decoder block. */
  record DecoderNames(
      String inputNorm, String outputNorm, @Nullable String queryNorm, @Nullable String keyNorm) {

    List<String> all() {
      List<String> names = new ArrayList<>(List.of(inputNorm, outputNorm));
      if (queryNorm != null && keyNorm != null) {
        names.add(queryNorm);
        names.add(keyNorm);
      }
      return names;
    }
  }

  LlamaLayout(LlamaConfiguration configuration) {
    this.configuration = configuration;
    List<BlockLayout> layouts = new ArrayList<>();
    for (int layer = 0; layer < configuration.layers(); layer++) {
      layouts.add(decoder(layer));
    }
    this.blocks = List.copyOf(layouts);
    int hidden = configuration.hiddenSize();
    LinearSite site =
        new LinearSite(
            HEAD,
            configuration.tiedEmbeddings() ? EMBEDDINGS : HEAD + ".weight",
            Optional.empty(),
            hidden,
            configuration.vocabularySize());
    this.head =
        new BlockLayout(
            "head",
            List.of(
                new SiteGroup(
                    "head.input",
                    List.of(site),
                    new InputOrigin.Normalization(norm("model.norm")))),
            configuration.vocabularySize());
  }

  List<BlockLayout> blocks() {
    return blocks;
  }

  BlockLayout head() {
    return head;
  }

  HeadStructure heads() {
    LlamaConfiguration.Attention shape = configuration.attention();
    return new HeadStructure(shape.heads(), shape.keyValueHeads(), shape.headWidth());
  }

  DecoderNames names(int layer) {
    String name = name(layer);
    boolean headNorms = configuration.attention().headNorms();
    return new DecoderNames(
        name + ".input_layernorm.weight",
        name + ".post_attention_layernorm.weight",
        headNorms ? name + ".self_attn.q_norm.weight" : null,
        headNorms ? name + ".self_attn.k_norm.weight" : null);
  }

  private static String name(int layer) {
    return LAYERS + layer;
  }

  private NormSite norm(String name) {
    return new NormSite(
        name,
        NormSite.Kind.ROOT_MEAN_SQUARE,
        configuration.hiddenSize(),
        configuration.normEpsilon());
  }

  private BlockLayout decoder(int layer) {
    LlamaConfiguration.Attention shape = configuration.attention();
    int hidden = configuration.hiddenSize();
    int inner = configuration.intermediateSize();
    boolean mlpBias = configuration.mlpBias();
    String name = name(layer);
    String attention = name + ".self_attn";
    String mlp = name + ".mlp";
    boolean biased = shape.inputBias();
    LinearSite query = LinearSite.of(attention + ".q_proj", hidden, shape.queryWidth(), biased);
    LinearSite key = LinearSite.of(attention + ".k_proj", hidden, shape.keyValueWidth(), biased);
    LinearSite value = LinearSite.of(attention + ".v_proj", hidden, shape.keyValueWidth(), biased);
    LinearSite output =
        LinearSite.of(attention + ".o_proj", shape.queryWidth(), hidden, shape.outputBias());
    LinearSite gate = LinearSite.of(mlp + ".gate_proj", hidden, inner, mlpBias);
    LinearSite up = LinearSite.of(mlp + ".up_proj", hidden, inner, mlpBias);
    LinearSite down = LinearSite.of(mlp + ".down_proj", inner, hidden, mlpBias);
    return new BlockLayout(
        name,
        List.of(
            new SiteGroup(
                "self_attn.input",
                List.of(query, key, value),
                new InputOrigin.Normalization(norm(name + ".input_layernorm"))),
            new SiteGroup(
                "self_attn.output", List.of(output), new InputOrigin.Attention(value, heads())),
            new SiteGroup(
                "mlp.input",
                List.of(gate, up),
                new InputOrigin.Normalization(norm(name + ".post_attention_layernorm"))),
            new SiteGroup("mlp.output", List.of(down), new InputOrigin.Gated(up, gate))),
        hidden);
  }

  ResidualStream residualStream() {
    List<LinearSite> writers = new ArrayList<>();
    List<NormSite> readers = new ArrayList<>();
    for (BlockLayout block : blocks) {
      for (SiteGroup group : block.groups()) {
        if (group.origin() instanceof InputOrigin.Normalization(NormSite norm)) {
          readers.add(norm);
        }
      }
      writers.addAll(block.groups().get(ATTENTION_OUTPUT).sites());
      writers.addAll(block.groups().get(MLP_OUTPUT).sites());
    }
    readers.add(norm("model.norm"));
    return new ResidualStream(configuration.hiddenSize(), List.of(EMBEDDINGS), writers, readers);
  }
}
