// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The tokens of a tokenizer file by id. */
final class SourceTokens {
  private static final int MOST = 1 << 24;

  /**
   * An added token.
   *
   * @param content its text
   * @param special whether decoding may leave it out
   * @param normalized whether it is looked for in the normalized text
   * @param stripsLeft whether white space before it is dropped
   * @param stripsRight whether white space behind it is dropped
   * @param singleWord whether it must not touch letters
   */
  record Added(
      String content,
      boolean special,
      boolean normalized,
      boolean stripsLeft,
      boolean stripsRight,
      boolean singleWord) {}

  private final @Nullable String[] tokens;
  private final Map<Integer, Added> added;
  private final Map<String, Integer> ids;

  private SourceTokens(
      @Nullable String[] tokens, Map<Integer, Added> added, Map<String, Integer> ids) {
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
    int next = ids.size();
    List<Section> sections =
        file.get("added_tokens").isPresent() ? file.sections("added_tokens") : List.of();
    for (Section section : sections) {
      Added token =
          new Added(
              section.string("content"),
              section.flag("special", false),
              section.flag("normalized", true),
              section.flag("lstrip", false),
              section.flag("rstrip", false),
              section.flag("single_word", false));
      // The id that the file states does not count; it is the next free one.
      int free = next;
      int id = ids.computeIfAbsent(token.content(), _ -> free);
      next = Math.max(next, id + 1);
      added.put(id, token);
    }
    int count = ids.values().stream().mapToInt(id -> id + 1).max().orElse(0);
    if (size.isPresent() && size.getAsInt() < count) {
      throw new IllegalArgumentException(
          "vocabularySize: " + size.getAsInt() + ", but the tokenizer has " + count + " tokens");
    }
    @Nullable String[] tokens = new @Nullable String[size.orElse(count)];
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
    String token = tokens[id];
    return token != null ? token : filler(id);
  }

  private String filler(int id) {
    String filler = "[PAD" + id + "]";
    while (ids.containsKey(filler)) {
      filler += "]";
    }
    return filler;
  }

  /** What the file says of a token that is an added one. */
  Optional<Added> added(int id) {
    return Optional.ofNullable(added.get(id));
  }

  /** Whether an added token is looked for once the text is normalized. */
  boolean anyNormalized() {
    return added.values().stream().anyMatch(Added::normalized);
  }

  /** The type of a token, but for those that a kind of models has of its own. */
  TokenType type(int id) {
    if (!has(id)) {
      return TokenType.UNUSED;
    }
    return added(id)
        .map(token -> token.special() ? TokenType.CONTROL : TokenType.USER_DEFINED)
        .orElse(TokenType.NORMAL);
  }

  OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * What the format does not say of added tokens.
   *
   * @param stripping what llama.cpp does with white space because of names in the metadata
   */
  List<String> losses(SpaceStripping stripping) {
    List<String> losses = new ArrayList<>();
    long strips =
        added.entrySet().stream()
            .filter(
                entry -> {
                  Added token = entry.getValue();
                  return token.stripsLeft() != stripping.before(token.content())
                      || token.stripsRight()
                          != stripping.behind(token.content(), type(entry.getKey()));
                })
            .count();
    long words = added.values().stream().filter(Added::singleWord).count();
    if (strips > 0) {
      losses.add(
          "white space around " + strips + " added tokens is dropped or kept otherwise there");
    }
    if (words > 0) {
      losses.add(words + " added tokens are found as whole words here, but everywhere there");
    }
    return losses;
  }
}
