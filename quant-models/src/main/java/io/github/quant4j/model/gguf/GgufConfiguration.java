// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufValue;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.expression.Expression;
import io.github.quant4j.model.expression.ExpressionException;
import io.github.quant4j.model.family.FamilyReading;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** Makes {@code config.json} of metadata. */
final class GgufConfiguration {
  private static final int MOST_LAYERS = 10_000;
  private static final String PATTERN = "attention.sliding_window_pattern";

  private final GgufArchitecture architecture;
  private final GgufMetadata metadata;
  private final GgufFacts facts;

  private GgufConfiguration(GgufArchitecture architecture, GgufMetadata metadata, GgufFacts facts) {
    this.architecture = architecture;
    this.metadata = metadata;
    this.facts = facts;
  }

  /**
   * Reads metadata.
   *
   * @param factors the tensors of rotary factors
   * @return the contents of config.json
   * @throws IllegalArgumentException if a key is not understood, or has a value that is not
   */
  static JsonValue.Obj read(
      GgufArchitecture architecture,
      GgufMetadata metadata,
      GgufFacts facts,
      GgufRotary.Factors factors) {
    return new GgufConfiguration(architecture, metadata, facts).config(factors);
  }

  private JsonValue.Obj config(GgufRotary.Factors factors) {
    String family =
        switch (evaluate("family", architecture.family())) {
          case JsonValue.Str(String name) -> name;
          default -> throw new IllegalArgumentException("no family for " + architecture);
        };
    SequencedMap<String, JsonValue> config = new LinkedHashMap<>();
    config.put("architectures", JsonValue.of(List.of(FamilyReading.architecture(family))));
    FamilyReading.modelType(family).ifPresent(type -> config.put("model_type", JsonValue.of(type)));
    architecture
        .config()
        .forEach(
            (member, expression) -> {
              JsonValue value = evaluate(member, expression);
              if (!(value instanceof JsonValue.Null)) {
                config.put(FamilyReading.spelling(family, member), value);
              }
            });
    List<Boolean> windowed = pattern();
    if (!windowed.isEmpty()) {
      config.put(
          "layer_types",
          JsonValue.of(
              windowed.stream().map(is -> is ? "sliding_attention" : "full_attention").toList()));
    }
    if (architecture.pairs() != GgufArchitecture.Pairs.NONE) {
      GgufRotary.read(facts, architecture, family, factors)
          .ifPresent(parameters -> config.put("rope_parameters", parameters));
    }
    token("bos").ifPresent(id -> config.put("bos_token_id", id));
    token("eos").ifPresent(id -> config.put("eos_token_id", id));
    requireExpected();
    List<String> unknown = facts.unknown(architecture);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "metadata "
              + unknown
              + ": not understood for architecture '"
              + architecture
              + "', and may change what the model computes");
    }
    return new JsonValue.Obj(config);
  }

  private JsonValue evaluate(String what, Expression expression) {
    try {
      return expression.evaluate(facts);
    } catch (ExpressionException e) {
      throw new IllegalArgumentException(
          "metadata for '" + what + "' of architecture '" + architecture + "': " + e.getMessage(),
          e);
    }
  }

  /** Which layers have a window, where some have one; else empty. */
  private List<Boolean> pattern() {
    Optional<GgufValue> value =
        architecture.windowPeriod() == 0 ? Optional.empty() : facts.find(PATTERN);
    if (architecture.windowPeriod() == 0
        || facts.number("attention.sliding_window").orElse(0.0) == 0) {
      return List.of();
    }
    long layers =
        facts.number("block_count").orElse(0.0).longValue()
            - facts.number("nextn_predict_layers").orElse(0.0).longValue();
    if (layers > MOST_LAYERS) {
      throw new IllegalArgumentException(
          "metadata 'block_count': " + layers + ", expected at most " + MOST_LAYERS);
    }
    List<Boolean> windowed = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      windowed.add(isWindowed(value, i));
    }
    return List.copyOf(windowed);
  }

  private boolean isWindowed(Optional<GgufValue> pattern, int layer) {
    if (pattern.isPresent() && pattern.get() instanceof GgufValue.Numbers flags) {
      if (layer >= flags.size()) {
        throw new IllegalArgumentException(
            "metadata '" + PATTERN + "': " + flags + ", expected one for each layer");
      }
      return flags.text(layer).equals("true") || flags.text(layer).equals("1");
    }
    int period = facts.number(PATTERN).orElse((double) architecture.windowPeriod()).intValue();
    return period <= 0 || layer % period < period - 1;
  }

  private Optional<JsonValue> token(String name) {
    return metadata
        .getLong("tokenizer.ggml." + name + "_token_id")
        .filter(id -> id >= 0 && id < 1L << 31)
        .map(JsonValue::of);
  }

  private void requireExpected() {
    architecture
        .expected()
        .forEach(
            (key, allowed) -> {
              JsonValue found = facts.value(key.replace('.', '_'));
              if (!(found instanceof JsonValue.Null) && !allowed.contains(found)) {
                throw new IllegalArgumentException(
                    "metadata '"
                        + architecture
                        + "."
                        + key
                        + "': "
                        + JsonWriter.compact(found)
                        + ", expected "
                        + String.join(" or ", allowed.stream().map(JsonWriter::compact).toList()));
              }
            });
  }
}
