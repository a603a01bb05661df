// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The ids of special tokens that a model's files state. */
final class SpecialIds {
  private final Map<SpecialToken, Integer> ids = new EnumMap<>(SpecialToken.class);

  SpecialIds(Section model, SourceTokens tokens, GgufTokenizerOptions options, boolean bert) {
    model
        .optionalString("unk_token")
        .map(tokens::idOf)
        .filter(OptionalInt::isPresent)
        .ifPresent(id -> ids.put(SpecialToken.UNKNOWN, id.getAsInt()));
    for (SpecialToken token : SpecialToken.values()) {
      String name = bert && token == SpecialToken.BOS ? "cls_token" : token.configName();
      options
          .tokenizerConfig()
          .flatMap(config -> text(config, name))
          .map(tokens::idOf)
          .filter(OptionalInt::isPresent)
          .ifPresent(id -> ids.putIfAbsent(token, id.getAsInt()));
      options.config().map(config -> numbers(config, name + "_id")).orElse(List.of()).stream()
          .filter(id -> id >= 0 && id < tokens.size())
          .findFirst()
          .ifPresent(id -> ids.putIfAbsent(token, id));
    }
    options.config().ifPresent(config -> furtherEnds(numbers(config, "eos_token_id"), tokens));
  }

  /** Further ends of a generation, which a GGUF file calls those of a turn and of a message. */
  private void furtherEnds(List<Integer> ends, SourceTokens tokens) {
    for (int id : ends) {
      if (id >= 0 && id < tokens.size() && !ids.containsValue(id)) {
        if (!ids.containsKey(SpecialToken.END_OF_TURN)) {
          ids.put(SpecialToken.END_OF_TURN, id);
        } else {
          ids.putIfAbsent(SpecialToken.END_OF_MESSAGE, id);
        }
      }
    }
  }

  private static Optional<String> text(JsonValue.Obj config, String name) {
    return config
        .get(name)
        .flatMap(
            value ->
                value instanceof JsonValue.Str text
                    ? Optional.of(text.value())
                    : value instanceof JsonValue.Obj token
                        ? token.getString("content")
                        : Optional.empty());
  }

  private static List<Integer> numbers(JsonValue.Obj config, String name) {
    List<Integer> numbers = new ArrayList<>();
    config
        .get(name)
        .ifPresent(
            value -> {
              List<JsonValue> values =
                  value instanceof JsonValue.Arr array ? array.elements() : List.of(value);
              for (JsonValue element : values) {
                if (element instanceof JsonValue.Num number
                    && number.asLong() == (int) number.asLong()) {
                  numbers.add((int) number.asLong());
                }
              }
            });
    return numbers;
  }

  void put(SpecialToken token, int id) {
    ids.put(token, id);
  }

  void write(GgufMetadata.Builder out) {
    ids.forEach((token, id) -> out.putUnsigned(token.keys().getFirst(), id));
  }
}
