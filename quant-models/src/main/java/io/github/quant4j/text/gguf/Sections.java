// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** Pieces of a tokenizer file. */
final class Sections {
  static final String SPACE = "▁";

  private Sections() {}

  static JsonValue.Obj object(@Nullable Object... namesAndValues) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      members.put(String.valueOf(namesAndValues[i]), JsonValue.of(namesAndValues[i + 1]));
    }
    return new JsonValue.Obj(members);
  }

  /** Puts spaces for what stands for them, and bytes together. */
  static JsonValue.Obj characterDecoder(boolean stripFirstSpace) {
    JsonValue.Obj spaces = replace(SPACE, " ");
    JsonValue.Obj bytes = object("type", "ByteFallback");
    JsonValue.Obj fuse = object("type", "Fuse");
    return object(
        "type",
        "Sequence",
        "decoders",
        stripFirstSpace
            ? List.of(
                spaces, bytes, fuse, object("type", "Strip", "content", " ", "start", 1, "stop", 0))
            : List.of(spaces, bytes, fuse));
  }

  static JsonValue.Obj replace(String from, String to) {
    return object("type", "Replace", "pattern", object("String", from), "content", to);
  }

  static JsonValue.Obj split(String expression) {
    return object(
        "type",
        "Split",
        "pattern",
        object("Regex", expression),
        "behavior",
        "Isolated",
        "invert",
        false);
  }

  static JsonValue.Obj byteLevel(boolean useRegex) {
    return object(
        "type",
        "ByteLevel",
        "add_prefix_space",
        false,
        "trim_offsets",
        true,
        "use_regex",
        useRegex);
  }

  /** A model of type BPE. */
  static JsonValue.Obj bytePairModel(
      JsonValue unknownToken,
      boolean byteFallback,
      boolean ignoreMerges,
      JsonValue vocabulary,
      List<Merge> merges) {
    return object(
        "type",
        "BPE",
        "dropout",
        null,
        "unk_token",
        unknownToken,
        "continuing_subword_prefix",
        null,
        "end_of_word_suffix",
        null,
        "fuse_unk",
        byteFallback,
        "byte_fallback",
        byteFallback,
        "ignore_merges",
        ignoreMerges,
        "vocab",
        vocabulary,
        "merges",
        new JsonValue.Arr(
            merges.stream()
                .map(
                    merge ->
                        (JsonValue)
                            new JsonValue.Arr(
                                List.of(
                                    new JsonValue.Str(merge.left()),
                                    new JsonValue.Str(merge.right()))))
                .toList()));
  }

  static JsonValue.Obj vocabulary(List<String> tokens) {
    SequencedMap<String, JsonValue> members = LinkedHashMap.newLinkedHashMap(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      members.put(tokens.get(id), new JsonValue.Num(Integer.toString(id)));
    }
    return new JsonValue.Obj(members);
  }
}
