// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufTensor;
import io.github.quant4j.io.gguf.GgufValue;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.expression.Scope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a file says of itself, as expressions ask for it: {@code attention_head_count} is the key of
 * that name of its architecture, dots for underscores; {@code has_attn_q_bias} is whether there is
 * such a tensor, in any block; {@code vocabulary} is the number of tokens.
 */
final class GgufFacts implements Scope {
  private static final String HAS = "has_";
  private static final String EMBEDDINGS = "token_embd.weight";

  private final GgufMetadata metadata;
  private final String prefix;
  private final Set<String> tensors = new HashSet<>();
  private final long vocabulary;
  private final Set<String> asked = new HashSet<>();

  private GgufFacts(GgufMetadata metadata, String architecture, long vocabulary) {
    this.metadata = metadata;
    this.prefix = architecture + ".";
    this.vocabulary = vocabulary;
  }

  static GgufFacts of(GgufFile file, String architecture) {
    GgufTensor embeddings = file.tensors().get(EMBEDDINGS);
    if (embeddings == null || embeddings.dimensions().size() != 2) {
      throw new IllegalArgumentException(
          "tensor '" + EMBEDDINGS + "' is missing, or no matrix: not a language model");
    }
    return of(
        file.metadata(), architecture, file.tensors().keySet(), embeddings.dimensions().get(1));
  }

  static GgufFacts of(
      GgufMetadata metadata, String architecture, Set<String> names, long vocabulary) {
    GgufFacts facts = new GgufFacts(metadata, architecture, vocabulary);
    for (String name : names) {
      facts.tensors.add(name.replaceFirst("^blk\\.\\d{1,9}\\.", "").replace('.', '_'));
    }
    return facts;
  }

  /** Whether there is a tensor, its name without the block, underscores for dots. */
  boolean has(String tensor) {
    return tensors.contains(tensor);
  }

  /** The key of the architecture that was asked for by one of its names. */
  private Optional<String> key(String name) {
    for (String key : metadata.keys()) {
      if (key.startsWith(prefix) && key.substring(prefix.length()).replace('.', '_').equals(name)) {
        return Optional.of(key);
      }
    }
    return Optional.empty();
  }

  /** A value of the architecture, without its prefix; asking for it counts as understanding it. */
  Optional<GgufValue> find(String key) {
    asked.add(prefix + key);
    return metadata.find(prefix + key);
  }

  Optional<Double> number(String key) {
    return find(key).map(value -> number(key, value));
  }

  private double number(String key, GgufValue value) {
    return switch (json(key, value)) {
      case JsonValue.Num number -> number.asDouble();
      default ->
          throw new IllegalArgumentException(
              "metadata '" + prefix + key + "': " + value + ", expected a number");
    };
  }

  Optional<String> text(String key) {
    return find(key)
        .map(
            value -> {
              if (value instanceof GgufValue.Text(String text)) {
                return text;
              }
              throw new IllegalArgumentException(
                  "metadata '" + prefix + key + "': " + value + ", expected a string");
            });
  }

  @Override
  public JsonValue value(String name) {
    if (name.equals("vocabulary")) {
      return JsonValue.of(vocabulary);
    }
    if (name.startsWith(HAS)) {
      return JsonValue.of(has(name.substring(HAS.length())));
    }
    Optional<String> key = key(name);
    if (key.isEmpty()) {
      return new JsonValue.Null();
    }
    asked.add(key.get());
    return json(key.get(), metadata.find(key.get()).orElseThrow());
  }

  /** A value; an array that says the same for every layer is that. */
  private static JsonValue json(String key, GgufValue value) {
    return switch (value) {
      case GgufValue.Whole whole -> JsonValue.of(whole.value());
      case GgufValue.Real real -> number(real);
      case GgufValue.Flag(boolean flag) -> JsonValue.of(flag);
      case GgufValue.Text(String text) -> JsonValue.of(text);
      case GgufValue.Texts(List<String> texts) -> JsonValue.of(texts);
      case GgufValue.Numbers numbers -> {
        if (numbers.size() == 0) {
          yield new JsonValue.Null();
        }
        for (int i = 1; i < numbers.size(); i++) {
          if (!numbers.text(i).equals(numbers.text(0))) {
            throw new IllegalArgumentException(
                "metadata '" + key + "': differs between layers, which is not supported");
          }
        }
        yield new JsonValue.Num(numbers.text(0));
      }
    };
  }

  /** As short as the stored type allows, so that 1e-5 is 1e-5. */
  private static JsonValue number(GgufValue.Real real) {
    double value = real.value();
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("metadata: " + value + ", expected a finite number");
    }
    return (float) value == value
        ? new JsonValue.Num(Float.toString((float) value))
        : JsonValue.of(value);
  }

  /** The keys of the architecture that nobody has asked for. */
  List<String> unknown(GgufArchitecture architecture) {
    List<String> unknown = new ArrayList<>();
    for (String key : metadata.keys()) {
      if (key.startsWith(prefix)
          && !asked.contains(key)
          && !architecture.isHarmless(key.substring(prefix.length()))) {
        unknown.add(key);
      }
    }
    return unknown;
  }
}
