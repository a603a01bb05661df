// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All that llama.cpp has. Immutable. */
final class PreTokenizations {
  /** What a file means that does not say. */
  static final String DEFAULT = "default";

  private final List<PreTokenization> entries;

  private PreTokenizations(List<PreTokenization> entries) {
    this.entries = List.copyOf(entries);
  }

  static PreTokenizations load() {
    try (InputStream in = PreTokenizations.class.getResourceAsStream("pre-tokenizers.json")) {
      if (in == null) {
        throw new IllegalStateException("pre-tokenizers.json is missing from the library");
      }
      Section file = new Section(JsonParser.parseObject(in.readAllBytes()), "");
      return new PreTokenizations(
          file.sections("pre_tokenizers").stream().map(PreTokenizations::read).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static PreTokenization read(Section section) {
    List<List<String>> known = new ArrayList<>();
    if (section.get("known").isPresent()) {
      for (JsonValue list : section.array("known")) {
        if (list instanceof JsonValue.Arr array) {
          known.add(strings(array.elements(), section.pathOf("known")));
        }
      }
    }
    return new PreTokenization(
        strings(section.array("names"), section.pathOf("names")),
        strings(section.array("split"), section.pathOf("split")),
        known,
        section.flag("ignore_merges", false),
        section.flag("add_bos", false),
        section.flag("characters", false),
        section.flag("approximate", false));
  }

  private static List<String> strings(List<JsonValue> values, String path) {
    return values.stream().map(value -> Section.textOf(value, path)).toList();
  }

  List<PreTokenization> entries() {
    return entries;
  }

  Optional<PreTokenization> find(String name) {
    return entries.stream().filter(entry -> entry.names().contains(name)).findFirst();
  }

  /**
   * One by its name.
   *
   * @throws IllegalArgumentException if there is none; the message has all names
   */
  PreTokenization require(String key, String name) {
    return find(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    key
                        + ": the pre-tokenizer '"
                        + name
                        + "' is not known; known are "
                        + String.join(
                            ", ",
                            entries.stream().flatMap(entry -> entry.names().stream()).toList())));
  }
}
