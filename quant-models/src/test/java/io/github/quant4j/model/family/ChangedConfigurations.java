// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.LayerShape;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;

/** Small configurations, and the same with members changed. */
final class ChangedConfigurations {
  static final String LLAMA =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 100,
       "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
       "num_attention_heads": 8}
      """;

  static final String QWEN3 =
      """
      {"architectures": ["Qwen3ForCausalLM"], "vocab_size": 100, "hidden_size": 64,
       "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 8,
       "num_key_value_heads": 2}
      """;

  /** In a list of changes, the value of a member that is removed. */
  private static final JsonValue REMOVED = new JsonValue.Str("-");

  private ChangedConfigurations() {}

  private static JsonValue.Obj object(String json) {
    return (JsonValue.Obj) JsonParser.parse(json.replace('\'', '"'));
  }

  /** The base with members added or replaced; {@code -} as a value removes one. */
  static JsonValue.Obj changed(String base, String changes) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(object(base).members());
    object(changes)
        .members()
        .forEach(
            (key, value) -> {
              if (value.equals(REMOVED)) {
                members.remove(key);
              } else {
                members.put(key, value);
              }
            });
    return new JsonValue.Obj(members);
  }

  static DecoderConfigurationReader.Reading read(JsonValue.Obj json) {
    return DecoderConfigurationReader.parse(
        JsonWriter.compact(json).getBytes(StandardCharsets.UTF_8), "config.json");
  }

  static DecoderConfiguration parse(String base, String changes) {
    return read(changed(base, changes)).configuration();
  }

  static List<String> problems(String base, String changes) {
    return assertThrows(InvalidModelException.class, () -> parse(base, changes)).problems();
  }

  static List<String> warnings(String base, String changes) {
    return read(changed(base, changes)).warnings();
  }

  /** What tokens see in each layer. */
  static List<Integer> windows(DecoderConfiguration configuration) {
    return layers(configuration).map(layer -> attention(layer).form().span().window()).toList();
  }

  /** Which layers turn queries and keys to their positions. */
  static List<Boolean> rotated(DecoderConfiguration configuration) {
    return layers(configuration).map(layer -> attention(layer).rotary() != null).toList();
  }

  private static Stream<LayerShape> layers(DecoderConfiguration configuration) {
    return configuration.layerShapes().stream();
  }

  /** The attention of a layer that has one. */
  static AttentionShape attention(LayerShape layer) {
    if (layer.attention() instanceof AttentionShape shape) {
      return shape;
    }
    throw new AssertionError(layer.name() + " has no attention");
  }
}
