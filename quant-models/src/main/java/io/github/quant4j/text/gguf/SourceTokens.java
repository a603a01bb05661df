// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** The tokens of a tokenizer file by id. */
final class SourceTokens {
  private static final int MOST = 1 << 24;

  /**
   * An added token.
   *
   * @param content its text
   * @param special whether decoding may leave it out
   * @param normalized whether it is looked for in the normalized text
   * @param strips whether white space around it is dropped
   * @param singleWord whether it must not touch letters
   */
  record Added(
      String content, boolean special, boolean normalized, boolean strips, boolean singleWord) {}

  private final String[] tokens;
  private final Map<Integer, Added> added;
  private final Map<String, Integer> ids;

  private SourceTokens(String[] tokens, Map<Integer, Added> added, Map<String, Integer> ids) {
    this.tokens = tokens;
    this.added = added;
    this.ids = ids;
  }

  static SourceTokens read(Section file, OptionalInt size) {
    Map<String, Integer> ids = new HashMap<>();
    Section vocabulary = file.section("model").section("vocab");
    vocabulary
        .value()
        .members()
        .forEach((token, id) -> ids.put(token, idOf(id, vocabulary.pathOf(token))));
    Map<Integer, Added> added = new HashMap<>();
    List<Section> sections =
        file.get("added_tokens").isPresent() ? file.sections("added_tokens") : List.of();
    for (Section section : sections) {
      Added token =
          new Added(
              section.string("content"),
              section.flag("special", false),
              section.flag("normalized", true),
              section.flag("lstrip", false) || section.flag("rstrip", false),
              section.flag("single_word", false));
      int stated = idOf(section.require("id"), section.pathOf("id"));
      added.put(ids.computeIfAbsent(token.content(), _ -> stated), token);
    }
    int count = ids.values().stream().mapToInt(id -> id + 1).max().orElse(0);
    if (size.isPresent() && size.getAsInt() < count) {
      throw new IllegalArgumentException(
          "vocabularySize: " + size.getAsInt() + ", but the tokenizer has " + count + " tokens");
    }
    String[] tokens = new String[size.orElse(count)];
    ids.forEach((token, id) -> tokens[id] = token);
    return new SourceTokens(tokens, added, ids);
  }

  private static int idOf(JsonValue value, String path) {
    int id = Section.naturalOf(value, path);
    if (id >= MOST) {
      throw new IllegalArgumentException(path + ": " + id + ", expected less than " + MOST);
    }
    return id;
  }

  int size() {
    return tokens.length;
  }

  /** Whether the tokenizer has a token of this id. */
  boolean has(int id) {
    return tokens[id] != null;
  }

  /** A token; of an id without one, a filler that is like no other. */
  String token(int id) {
    return has(id) ? tokens[id] : filler(id);
  }

  private String filler(int id) {
    String filler = "[PAD" + id + "]";
    while (ids.containsKey(filler)) {
      filler += "]";
    }
    return filler;
  }

  Added added(int id) {
    return added.get(id);
  }

  boolean isAdded(int id) {
    return added.containsKey(id);
  }

  OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** What the format cannot say of added tokens. */
  List<String> losses() {
    List<String> losses = new ArrayList<>();
    long strips = added.values().stream().filter(Added::strips).count();
    long words = added.values().stream().filter(Added::singleWord).count();
    if (strips > 0) {
      losses.add(strips + " added tokens drop white space around them here, but not there");
    }
    if (words > 0) {
      losses.add(words + " added tokens are found as whole words here, but everywhere there");
    }
    return losses;
  }

  @Override
  public String toString() {
    return Arrays.toString(tokens);
  }
}
