// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.gguf;

import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.MlpShape;
import io.github.quant4j.model.gguf.GgufLayout;
import io.github.quant4j.model.gguf.StoredTensor;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The type of each tensor under a preset, by the rules of llama.cpp's quantizer: which tensors are
 * not quantized, which have more bits, and what is done where rows are not whole blocks. To be
 * asked for the tensors in the order of the layers, as some rules count.
 */
public final class GgufMixture {
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,9})\\..*");

  private final GgufTypes types;
  private final Network network;
  private int valuesSeen;

  /**
   * What the rules ask of the network.
   *
   * @param falcon whether the architecture is Falcon's, which has rules of its own
   * @param layers layers
   * @param experts experts of a layer, 0 if there are none
   * @param sharing query heads of a key head
   * @param values tensors that make values: {@code attn_v}, {@code attn_qkv}, {@code attn_kv_b}
   * @param tied whether the head is that of the embeddings
   * @param large whether it is one of 80 layers with grouped queries
   * @param importance whether there is an importance matrix
   */
  public record Network(
      boolean falcon,
      int layers,
      int experts,
      int sharing,
      int values,
      boolean tied,
      boolean large,
      boolean importance) {}

  /**
   * Rules for a file.
   *
   * @param types the preset and other types
   * @param network what it is for
   */
  public GgufMixture(GgufTypes types, Network network) {
    this.types = types;
    this.network = network;
  }

  /**
   * Rules for a file of a model.
   *
   * @param types the preset and other types
   * @param layout the model as the file is to have it
   * @param importance whether there is an importance matrix
   * @return the rules, not yet asked for any tensor
   */
  public static GgufMixture of(GgufTypes types, GgufLayout layout, boolean importance) {
    DecoderConfiguration model = layout.configuration();
    AttentionShape attention = (AttentionShape) model.layerShapes().getFirst().attention();
    int experts =
        model.layerShapes().stream()
            .mapToInt(
                layer ->
                    layer.mlp() instanceof MlpShape.Mixture mixture ? mixture.experts().size() : 0)
            .max()
            .orElse(0);
    int sharing = attention.form().heads() / attention.form().keyValueHeads();
    List<String> names = layout.tensors().stream().map(StoredTensor::name).toList();
    int values =
        (int) names.stream().filter(name -> name.matches(".*attn_(v|qkv|kv_b)\\.weight")).count();
    return new GgufMixture(
        types,
        new Network(
            layout.architecture().name().equals("falcon"),
            model.layers(),
            experts,
            sharing,
            values,
            !names.contains("output.weight"),
            model.layers() == 80 && sharing > 1,
            importance));
  }

  /**
   * The type of a tensor.
   *
   * @param tensor the tensor
   * @return what it is stored as
   */
  public GgufTensorType of(StoredTensor tensor) {
    int rank = tensor.dimensions(0).size();
    return of(tensor.name(), rank, tensor.columns(), tensor.isStack());
  }

  /**
   * The type of a tensor.
   *
   * @param name its name in the file
   * @param rank its dimensions
   * @param columns the contiguous one
   * @param isStack whether it is a stack of matrices
   * @return what it is stored as
   */
  public GgufTensorType of(String name, int rank, int columns, boolean isStack) {
    GgufPreset preset = types.preset();
    if (rank < 2 || !isQuantized(name) || preset == GgufPreset.F32) {
      return GgufTensorType.F32;
    }
    if (!preset.isQuantized()) {
      return preset.type();
    }
    GgufTensorType chosen =
        types
            .override(name)
            .orElseGet(() -> types.pure() ? preset.type() : mixed(name, columns, isStack));
    return fitting(chosen, columns);
  }

  private static boolean isQuantized(String name) {
    return name.endsWith("weight")
        && !name.contains("_norm.weight")
        && !name.contains("ffn_gate_inp")
        && !name.equals("position_embd.weight");
  }

  /** What takes the place of a type if rows are no whole number of its blocks. */
  private static GgufTensorType fitting(GgufTensorType type, int columns) {
    if (columns % type.blockSize() == 0) {
      return type;
    }
    GgufTensorType smaller =
        switch (type) {
          case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ4_XS ->
              GgufTensorType.IQ4_NL;
          case Q2_K, Q3_K, TQ1_0, TQ2_0 -> GgufTensorType.Q4_0;
          case Q4_K -> GgufTensorType.Q5_0;
          case Q5_K -> GgufTensorType.Q5_1;
          case Q6_K -> GgufTensorType.Q8_0;
          default -> type;
        };
    return columns % smaller.blockSize() == 0 ? smaller : GgufTensorType.F16;
  }

  /** The first and the last eighth of the layers, and every third between. */
  private static boolean hasMoreBits(int layer, int layers) {
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
  }

  private GgufTensorType mixed(String name, int columns, boolean isStack) {
    GgufPreset preset = types.preset();
    if (name.equals("output.weight") || (network.tied && name.equals("token_embd.weight"))) {
      return head(columns);
    }
    if (preset == GgufPreset.MXFP4_MOE) {
      return isStack ? GgufTensorType.MXFP4 : GgufTensorType.Q8_0;
    }
    if (name.equals("token_embd.weight")) {
      return preset == GgufPreset.TQ1_0 || preset == GgufPreset.TQ2_0
          ? GgufTensorType.Q4_K
          : preset.type();
    }
    Matcher block = LAYER.matcher(name);
    int layer = block.matches() ? Integer.parseInt(block.group(1)) : 0;
    if (name.contains("attn_qkv.weight")
        || name.contains("attn_v.weight")
        || name.contains("attn_kv_b.weight")) {
      return values(valuesSeen++);
    }
    if (name.contains("attn_k.weight") && network.experts == 8) {
      return GgufTensorType.Q8_0;
    }
    if (name.contains("ffn_down")) {
      return down(layer);
    }
    if (name.contains("attn_output.weight")) {
      return output();
    }
    return preset.type();
  }

  private GgufTensorType head(int columns) {
    GgufPreset preset = types.preset();
    boolean isWhole = columns % preset.type().blockSize() == 0;
    return preset == GgufPreset.MXFP4_MOE || network.falcon || !isWhole || preset == GgufPreset.Q8_0
        ? GgufTensorType.Q8_0
        : GgufTensorType.Q6_K;
  }

  private GgufTensorType values(int number) {
    GgufPreset preset = types.preset();
    boolean grouped = network.sharing >= 4;
    GgufTensorType type =
        switch (preset) {
          case Q2_K -> grouped ? GgufTensorType.Q4_K : GgufTensorType.Q3_K;
          case Q2_K_S -> grouped ? GgufTensorType.Q4_K : preset.type();
          case Q3_K_M -> number < 2 ? GgufTensorType.Q5_K : GgufTensorType.Q4_K;
          case Q3_K_L -> GgufTensorType.Q5_K;
          case IQ4_NL, IQ4_XS -> grouped ? GgufTensorType.Q5_K : preset.type();
          case Q4_K_M, Q5_K_M ->
              hasMoreBits(number, network.values) ? GgufTensorType.Q6_K : preset.type();
          case Q4_K_S -> number < 4 ? GgufTensorType.Q5_K : preset.type();
          default -> preset.type();
        };
    if (network.large && (type == GgufTensorType.Q3_K || type == GgufTensorType.Q4_K)) {
      type = GgufTensorType.Q5_K;
    }
    return network.experts == 8 ? GgufTensorType.Q8_0 : type;
  }

  private GgufTensorType down(int layer) {
    GgufPreset preset = types.preset();
    int layers = network.layers;
    boolean first = layer < layers / 8;
    boolean more = hasMoreBits(layer, layers);
    return switch (preset) {
      case Q2_K -> GgufTensorType.Q3_K;
      case Q2_K_S -> first ? GgufTensorType.Q4_K : preset.type();
      case Q3_K_M ->
          layer < layers / 16
              ? GgufTensorType.Q5_K
              : !network.falcon || more ? GgufTensorType.Q4_K : GgufTensorType.Q3_K;
      case Q3_K_L -> network.falcon ? GgufTensorType.Q4_K : GgufTensorType.Q5_K;
      case Q4_K_M ->
          !network.falcon
              ? more ? GgufTensorType.Q6_K : preset.type()
              : layer < layers / 16
                  ? GgufTensorType.Q6_K
                  : more ? GgufTensorType.Q5_K : GgufTensorType.Q4_K;
      case IQ4_NL, IQ4_XS -> first && !network.importance ? GgufTensorType.Q5_K : preset.type();
      case Q5_K_M -> more ? GgufTensorType.Q6_K : preset.type();
      case Q4_K_S -> first && !network.falcon ? GgufTensorType.Q5_K : preset.type();
      case Q4_0 -> first && network.importance ? GgufTensorType.Q4_1 : preset.type();
      case Q5_0 -> first && network.importance ? GgufTensorType.Q5_1 : preset.type();
      default -> preset.type();
    };
  }

  private GgufTensorType output() {
    GgufPreset preset = types.preset();
    if (network.falcon) {
      return preset == GgufPreset.Q3_K_L ? GgufTensorType.Q4_K : preset.type();
    }
    if (network.experts == 8) {
      return switch (preset) {
        case Q2_K, Q3_K_S, Q3_K_M, IQ4_NL, Q4_K_S, Q4_K_M, IQ4_XS -> GgufTensorType.Q5_K;
        default -> preset.type();
      };
    }
    return switch (preset) {
      case Q2_K -> GgufTensorType.Q3_K;
      case Q3_K_M -> GgufTensorType.Q4_K;
      case Q3_K_L -> GgufTensorType.Q5_K;
      default -> preset.type();
    };
  }
}
