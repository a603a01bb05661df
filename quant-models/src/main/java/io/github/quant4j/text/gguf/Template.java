// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** The post-processor that puts tokens around texts. */
final class Template {

  /**
   * A token of a template.
   *
   * @param token its text
   * @param id its id
   */
  record Entry(String token, int id) {}

  private Template() {}

  /**
   * Makes a post-processor.
   *
   * @param before what stands before a text
   * @param behind what stands behind it
   * @param oneBeginning whether of two texts only the first has something before it
   * @return null if nothing stands around texts
   */
  static JsonValue of(Optional<Entry> before, Optional<Entry> behind, boolean oneBeginning) {
    if (before.isEmpty() && behind.isEmpty()) {
      return new JsonValue.Null();
    }
    List<JsonValue> single = new ArrayList<>();
    text(single, before, "A", behind, 0);
    List<JsonValue> pair = new ArrayList<>(single);
    text(pair, oneBeginning ? Optional.empty() : before, "B", behind, 1);
    SequencedMap<String, JsonValue> tokens = new LinkedHashMap<>();
    for (Optional<Entry> entry : List.of(before, behind)) {
      entry.ifPresent(
          token ->
              tokens.put(
                  token.token(),
                  Sections.object(
                      "id",
                      token.token(),
                      "ids",
                      List.of(token.id()),
                      "tokens",
                      List.of(token.token()))));
    }
    return Sections.object(
        "type",
        "TemplateProcessing",
        "single",
        single,
        "pair",
        pair,
        "special_tokens",
        new JsonValue.Obj(tokens));
  }

  private static void text(
      List<JsonValue> parts,
      Optional<Entry> before,
      String sequence,
      Optional<Entry> behind,
      int type) {
    before.ifPresent(entry -> parts.add(part("SpecialToken", entry.token(), type)));
    parts.add(part("Sequence", sequence, type));
    behind.ifPresent(entry -> parts.add(part("SpecialToken", entry.token(), type)));
  }

  private static JsonValue part(String kind, String id, int type) {
    return Sections.object(kind, Sections.object("id", id, "type_id", type));
  }
}
