// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Builds tokenizer files for tests. */
final class Json {
  private Json() {}

  /** An object from names and values in turn. */
  static Map<String, Object> object(Object... namesAndValues) {
    Map<String, Object> members = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      members.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return members;
  }

  static Map<String, Object> type(String type, Object... namesAndValues) {
    Map<String, Object> members = object("type", type);
    members.putAll(object(namesAndValues));
    return members;
  }

  static Map<String, Object> byteLevel(boolean addPrefixSpace, boolean useRegex) {
    return type(
        "ByteLevel",
        "add_prefix_space",
        addPrefixSpace,
        "trim_offsets",
        true,
        "use_regex",
        useRegex);
  }

  static Map<String, Object> split(String regex, String behavior, boolean invert) {
    return type("Split", "pattern", object("Regex", regex), "behavior", behavior, "invert", invert);
  }

  static Map<String, Object> preTokenizers(Object... steps) {
    return type("Sequence", "pretokenizers", List.of(steps));
  }

  static Map<String, Object> normalizers(Object... steps) {
    return type("Sequence", "normalizers", List.of(steps));
  }

  static Map<String, Object> decoders(Object... steps) {
    return type("Sequence", "decoders", List.of(steps));
  }

  static Map<String, Object> replace(String from, String to) {
    return type("Replace", "pattern", object("String", from), "content", to);
  }

  static Map<String, Object> addedToken(int id, String content, boolean special, String... flags) {
    List<String> set = List.of(flags);
    return object(
        "id",
        id,
        "content",
        content,
        "single_word",
        set.contains("single_word"),
        "lstrip",
        set.contains("lstrip"),
        "rstrip",
        set.contains("rstrip"),
        "normalized",
        set.contains("normalized"),
        "special",
        special);
  }

  /** A template that puts one token before the text, and one behind it. */
  static Map<String, Object> template(String before, int beforeId, String behind, int behindId) {
    return type(
        "TemplateProcessing",
        "single",
        List.of(
            object("SpecialToken", object("id", before, "type_id", 0)),
            object("Sequence", object("id", "A", "type_id", 0)),
            object("SpecialToken", object("id", behind, "type_id", 0))),
        "pair",
        List.of(
            object("Sequence", object("id", "A", "type_id", 0)),
            object("Sequence", object("id", "B", "type_id", 1))),
        "special_tokens",
        object(
            before,
            object("id", before, "ids", List.of(beforeId), "tokens", List.of(before)),
            behind,
            object("id", behind, "ids", List.of(behindId), "tokens", List.of(behind))));
  }

  /** A model of type BPE with all options off. */
  static Map<String, Object> bytePairModel(Map<String, Integer> vocabulary, List<?> merges) {
    return type(
        "BPE",
        "dropout",
        null,
        "unk_token",
        null,
        "continuing_subword_prefix",
        null,
        "end_of_word_suffix",
        null,
        "fuse_unk",
        false,
        "byte_fallback",
        false,
        "ignore_merges",
        false,
        "vocab",
        vocabulary,
        "merges",
        merges);
  }

  /** A file without any stage but the model. */
  static Map<String, Object> file(Map<String, Object> model) {
    return object(
        "version",
        "1.0",
        "truncation",
        null,
        "padding",
        null,
        "added_tokens",
        new ArrayList<>(),
        "normalizer",
        null,
        "pre_tokenizer",
        null,
        "post_processor",
        null,
        "decoder",
        null,
        "model",
        model);
  }

  static byte[] bytes(Map<String, Object> file) {
    return JsonWriter.compact(JsonValue.of(file)).getBytes(StandardCharsets.UTF_8);
  }
}
