// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Checks that nothing in a config is passed over that could change numbers. */
public final class ConfigMembers {
  private ConfigMembers() {}

  /**
   * Refuses members that are not known, unless they say nothing: null, false, 0, empty.
   *
   * @param config the config
   * @param known the members that are read or do not matter
   * @throws JsonException if there are others, with their names
   */
  public static void requireKnown(JsonValue.Obj config, Set<String> known) {
    List<String> unknown = new ArrayList<>();
    config
        .members()
        .forEach(
            (name, value) -> {
              if (!known.contains(name) && !saysNothing(value)) {
                unknown.add(name);
              }
            });
    if (!unknown.isEmpty()) {
      throw new JsonException(
          "members " + unknown + " are not understood, and what they ask for could be missed");
    }
  }

  /**
   * Whether a value stands for something that is not there.
   *
   * @param value any value
   * @return true for null, false, 0, and empty texts, lists and objects
   */
  public static boolean saysNothing(JsonValue value) {
    return switch (value) {
      case JsonValue.Null _ -> true;
      case JsonValue.Bool(var flag) -> !flag;
      case JsonValue.Num number -> number.asDouble() == 0;
      case JsonValue.Str(var text) -> text.isEmpty();
      case JsonValue.Arr(var elements) -> elements.isEmpty();
      case JsonValue.Obj(var members) -> members.isEmpty();
    };
  }

  /**
   * A whole number that must be there.
   *
   * @param config the object
   * @param member the number's name
   * @return its value
   * @throws JsonException if it is missing or no whole number
   */
  public static int number(JsonValue.Obj config, String member) {
    return config
        .getInt(member)
        .orElseThrow(() -> new JsonException("'" + member + "' is missing"));
  }

  /**
   * A list of texts.
   *
   * @param config the object
   * @param member the list's name
   * @return the texts; none if there is no such member
   * @throws JsonException if an element is no text
   */
  public static List<String> texts(JsonValue.Obj config, String member) {
    List<String> texts = new ArrayList<>();
    for (JsonValue value : config.getArray(member).orElse(List.of())) {
      if (!(value instanceof JsonValue.Str(var text))) {
        throw new JsonException("'" + member + "': expected strings, found " + value.kind());
      }
      texts.add(text);
    }
    return texts;
  }
}
