// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps other libraries from reading weights that only this one understands.
 *
 * <p>A reader that knows the architecture in {@code config.json} but not our {@code quant_method}
 * finds none of the weights that it looks for, and may begin with random ones. So {@code
 * model_type} and {@code architectures} are given names that no other library has, and what they
 * were is kept beside them:
 *
 * <pre>{@code
 * "architectures": ["Quant4jLlamaForCausalLM"],
 * "model_type": "quant4j-llama",
 * "quant4j_architectures": ["LlamaForCausalLM"],
 * "quant4j_model_type": "llama",
 * "quant4j_reader": "..."
 * }</pre>
 */
public final class ForeignReaders {
  private static final String MODEL_TYPE = "model_type";
  private static final String ARCHITECTURES = "architectures";
  private static final String KEPT = "quant4j_";
  private static final String READER = KEPT + "reader";
  private static final String NOTE =
      "Weights in the schema of Quant4J, which its LanguageModel and SpeechEncoder read; other"
          + " libraries would begin with random ones.";

  private ForeignReaders() {}

  /**
   * A configuration that other libraries refuse.
   *
   * @param config the contents of {@code config.json}
   * @return the same with other names for the kind of model, and those that it had kept
   */
  public static JsonValue.Obj refused(JsonValue.Obj config) {
    JsonValue.Obj plain = restored(config);
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(plain.members());
    String type = text(plain.members().get(MODEL_TYPE)).orElse("model");
    members.put(MODEL_TYPE, new JsonValue.Str("quant4j-" + type));
    members.put(ARCHITECTURES, renamed(plain.members().get(ARCHITECTURES)));
    for (String member : List.of(ARCHITECTURES, MODEL_TYPE)) {
      JsonValue kept = plain.members().get(member);
      if (kept != null) {
        members.put(KEPT + member, kept);
      }
    }
    members.put(READER, new JsonValue.Str(NOTE));
    return new JsonValue.Obj(members);
  }

  private static JsonValue renamed(@Nullable JsonValue architectures) {
    List<JsonValue> names =
        architectures instanceof JsonValue.Arr(var elements) ? elements : List.<JsonValue>of();
    return JsonValue.of(
        names.stream().map(name -> "Quant4j" + text(name).orElse("Model")).toList());
  }

  private static Optional<String> text(@Nullable JsonValue value) {
    return value instanceof JsonValue.Str(var text) ? Optional.of(text) : Optional.empty();
  }

  /**
   * A configuration as it was before {@link #refused}.
   *
   * @param config the contents of {@code config.json}, changed or not
   * @return the configuration with the names that the model's library knows
   */
  public static JsonValue.Obj restored(JsonValue.Obj config) {
    if (!config.members().containsKey(READER)) {
      return config;
    }
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>();
    for (Map.Entry<String, JsonValue> member : config.members().entrySet()) {
      String name = member.getKey();
      boolean isReplaced = name.equals(MODEL_TYPE) || name.equals(ARCHITECTURES);
      @Nullable JsonValue value =
          isReplaced ? config.members().get(KEPT + name) : member.getValue();
      boolean isKept = name.startsWith(KEPT);
      if (value != null && !isKept) {
        members.put(name, value);
      }
    }
    return new JsonValue.Obj(members);
  }
}
