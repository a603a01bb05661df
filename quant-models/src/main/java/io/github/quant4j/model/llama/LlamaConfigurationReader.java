// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.io.ForeignReaders;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads config.json of the Llama family with the Transformers library's defaults. */
public final class LlamaConfigurationReader {
  private static final int MOST_LAYERS = 10_000;
  private static final int WIDEST = 1 << 24;
  private static final int DEFAULT_WINDOW = 4096;
  private static final int DEFAULT_WINDOW_LAYERS = 28;
  private static final int QWEN3_HEAD_WIDTH = 128;
  private static final double DEFAULT_EPSILON = 1e-6;

  private final ConfigurationValues values;
  private final String subject;
  private List<String> warnings = List.of();

  private LlamaConfigurationReader(ConfigurationValues values, String subject) {
    this.values = values;
    this.subject = subject;
  }

  /**
   * A configuration, and what is noticed about its file.
   *
   * @param warnings one line for each member that is not known
   */
  public record Reading(LlamaConfiguration configuration, List<String> warnings) {}

  static Reading read(JsonValue.Obj json, String subject) {
    LlamaConfigurationReader reader =
        new LlamaConfigurationReader(
            new ConfigurationValues(ForeignReaders.restored(json)), subject);
    LlamaConfiguration configuration = reader.read();
    return new Reading(configuration, reader.warnings);
  }

  private LlamaConfiguration read() {
    // Nothing else can be judged before the family is known.
    ModelFamily family = family();
    int vocabulary = values.integer("vocab_size", 1, Integer.MAX_VALUE - 8);
    int hidden = values.integer("hidden_size", 1, WIDEST);
    int intermediate = values.integer("intermediate_size", 1, WIDEST);
    int layers = values.integer("num_hidden_layers", 1, MOST_LAYERS);
    int heads = values.integer("num_attention_heads", 1, WIDEST);
    requireActivation();
    LlamaConfiguration.Attention attention = attention(family, hidden, layers, heads);
    LlamaConfiguration configuration =
        new LlamaConfiguration(
            family,
            vocabulary,
            hidden,
            intermediate,
            layers,
            attention,
            rotary(attention),
            values.optionalPositive("rms_norm_eps").orElse(DEFAULT_EPSILON),
            family == ModelFamily.LLAMA && values.flag("mlp_bias", false),
            values.flag("tie_word_embeddings", false),
            values
                .optionalInteger("max_position_embeddings", 1, Integer.MAX_VALUE)
                .orElse(family.defaultMaximumPositions()),
            beginToken(vocabulary),
            values.tokens("eos_token_id", vocabulary));
    warnings = new ConfigurationMembers(values, configuration).check();
    requireNoProblems();
    return configuration;
  }

  private void requireNoProblems() {
    if (!values.problems().isEmpty()) {
      throw new InvalidModelException(subject, values.problems());
    }
  }

  private LlamaConfiguration.Rotary rotary(LlamaConfiguration.Attention attention) {
    boolean isFull = attention.windows().stream().anyMatch(window -> window == 0);
    boolean isSliding = attention.windows().stream().anyMatch(window -> window > 0);
    List<String> types = new ArrayList<>();
    if (isFull) {
      types.add("full_attention");
    }
    if (isSliding) {
      types.add("sliding_attention");
    }
    return new RotaryReader(values, types).read();
  }

  private ModelFamily family() {
    List<String> architectures = values.texts("architectures");
    Optional<ModelFamily> named =
        architectures.isEmpty()
            ? values.text("model_type").flatMap(ModelFamily::ofModelType)
            : ModelFamily.ofArchitecture(architectures.getFirst());
    if (named.isEmpty()) {
      values.problem(
          architectures.isEmpty() && values.has("model_type") ? "model_type" : "architectures",
          "one of " + ModelFamily.architectures());
      requireNoProblems();
    }
    ModelFamily family = named.orElseThrow();
    if (!values.text("model_type").orElse(family.modelType()).equals(family.modelType())) {
      values.problem(
          "model_type",
          "'" + family.modelType() + "' as 'architectures' says " + family.architecture());
    }
    return family;
  }

  private void requireActivation() {
    String activation = values.text("hidden_act").orElse("silu");
    if (!activation.equals("silu") && !activation.equals("swish")) {
      values.problem("hidden_act", "\"silu\", the only activation that the runtime has");
    }
  }

  private LlamaConfiguration.Attention attention(
      ModelFamily family, int hidden, int layers, int heads) {
    int keyValueHeads =
        // Transformers takes null for as many as there are queries, in every family.
        family == ModelFamily.LLAMA || values.has("num_key_value_heads")
            ? values.optionalInteger("num_key_value_heads", 1, WIDEST).orElse(heads)
            : values.integer("num_key_value_heads", 1, WIDEST);
    if (heads % keyValueHeads != 0 && values.areSound("num_attention_heads")) {
      values.problem(
          "num_key_value_heads", "a divisor of 'num_attention_heads', which is " + heads);
    }
    int headWidth = headWidth(family, hidden, heads);
    boolean biased = values.flag("attention_bias", false);
    return new LlamaConfiguration.Attention(
        heads,
        keyValueHeads,
        headWidth,
        switch (family) {
          case LLAMA, QWEN3 -> biased;
          case MISTRAL -> false;
          case QWEN2 -> true;
        },
        biased && (family == ModelFamily.LLAMA || family == ModelFamily.QWEN3),
        family == ModelFamily.QWEN3,
        windows(family, layers));
  }

  private int headWidth(ModelFamily family, int hidden, int heads) {
    Optional<Integer> given = values.optionalInteger("head_dim", 2, WIDEST);
    if (!values.areSound("head_dim", "hidden_size", "num_attention_heads")) {
      return 2;
    }
    if (given.isEmpty() && family != ModelFamily.QWEN3 && hidden % heads != 0) {
      values.problem(
          "num_attention_heads",
          "a divisor of 'hidden_size', which is " + hidden + ", or a value for 'head_dim'");
      return 2;
    }
    int width = given.orElse(family == ModelFamily.QWEN3 ? QWEN3_HEAD_WIDTH : hidden / heads);
    if (width % 2 != 0) {
      values.problem(
          "head_dim", "an even number of channels in a head for rotary embeddings, found " + width);
    } else if ((long) heads * width > WIDEST) {
      values.problem(
          "head_dim", "at most " + WIDEST / heads + " with " + heads + " attention heads");
    }
    return width;
  }

  private List<Integer> windows(ModelFamily family, int layers) {
    return switch (family) {
      case LLAMA -> Collections.nCopies(layers, 0);
      case MISTRAL -> Collections.nCopies(layers, window());
      case QWEN2, QWEN3 -> qwenWindows(layers);
    };
  }

  /** The window's size: the library's default if the key is missing, none if its value is null. */
  private int window() {
    return values
        .optionalInteger("sliding_window", 1, Integer.MAX_VALUE)
        .orElse(values.has("sliding_window") ? 0 : DEFAULT_WINDOW);
  }

  private List<Integer> qwenWindows(int layers) {
    int window = values.flag("use_sliding_window", false) ? window() : 0;
    int full =
        values
            .optionalInteger("max_window_layers", 0, Integer.MAX_VALUE)
            .orElse(DEFAULT_WINDOW_LAYERS);
    List<String> types = values.texts("layer_types");
    if (!types.isEmpty() && types.size() != layers && values.areSound("num_hidden_layers")) {
      values.problem("layer_types", layers + " elements, as many as 'num_hidden_layers'");
      types = List.of();
    }
    List<Integer> windows = new ArrayList<>(layers);
    for (int layer = 0; layer < layers; layer++) {
      String type =
          !types.isEmpty()
              ? types.get(Math.min(layer, types.size() - 1))
              : window > 0 && layer >= full ? "sliding_attention" : "full_attention";
      switch (type) {
        case "full_attention" -> windows.add(0);
        case "sliding_attention" -> {
          if (window == 0) {
            values.problem(
                "layer_types",
                "only \"full_attention\" without 'use_sliding_window' and 'sliding_window'");
            return Collections.nCopies(layers, 0);
          }
          windows.add(window);
        }
        default -> {
          values.problem("layer_types", "\"full_attention\" and \"sliding_attention\" only");
          return Collections.nCopies(layers, 0);
        }
      }
    }
    return windows;
  }

  private OptionalInt beginToken(int vocabulary) {
    return values
        .token("bos_token_id", vocabulary)
        .map(OptionalInt::of)
        .orElse(OptionalInt.empty());
  }
}
