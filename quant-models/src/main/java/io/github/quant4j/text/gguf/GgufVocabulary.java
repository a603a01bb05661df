// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The tokens of a GGUF file by id, with their types as llama.cpp has them once it has read them.
 */
final class GgufVocabulary {
  private static final int LONGEST_TOKEN = 4096;

  private final List<String> tokens;
  private final TokenType[] types;
  private final Map<String, Integer> ids;

  private GgufVocabulary(List<String> tokens, TokenType[] types, Map<String, Integer> ids) {
    this.tokens = List.copyOf(tokens);
    this.types = types;
    this.ids = ids;
  }

  /**
   * Reads the tokens.
   *
   * @param metadata the metadata of the file
   * @throws IllegalArgumentException if there are none, two are alike, one is longer than 4096
   *     UTF-16 units, or the types do not go with them
   */
  static GgufVocabulary read(GgufMetadata metadata) {
    List<String> given =
        metadata
            .strings(Keys.TOKENS)
            .orElseThrow(
                () -> new IllegalArgumentException("metadata '" + Keys.TOKENS + "': missing"));
    List<String> tokens = new ArrayList<>(given.size());
    Map<String, Integer> ids = HashMap.newHashMap(given.size());
    for (int id = 0; id < given.size(); id++) {
      String token = given.get(id);
      if (token.isEmpty()) {
        token = "[EMPTY_" + id + "]";
      }
      if (token.length() > LONGEST_TOKEN) {
        throw new IllegalArgumentException(
            at(Keys.TOKENS, id)
                + "a token of "
                + token.length()
                + " characters, expected at most "
                + LONGEST_TOKEN);
      }
      Integer same = ids.putIfAbsent(token, id);
      if (same != null) {
        throw new IllegalArgumentException(
            at(Keys.TOKENS, id) + "'" + token + "' is also token " + same);
      }
      tokens.add(token);
    }
    TokenType[] types = types(metadata, tokens.size());
    return new GgufVocabulary(tokens, TokenTypeRules.apply(tokens, types), ids);
  }

  static String at(String key, int index) {
    return "metadata '" + key + "'[" + index + "]: ";
  }

  private static TokenType[] types(GgufMetadata metadata, int count) {
    TokenType[] types = new TokenType[count];
    Arrays.fill(types, TokenType.NORMAL);
    if (metadata.find(Keys.TOKEN_TYPE).isEmpty()) {
      return types;
    }
    int[] given = metadata.ints(Keys.TOKEN_TYPE).orElseThrow();
    if (given.length < count) {
      throw new IllegalArgumentException(
          "metadata '"
              + Keys.TOKEN_TYPE
              + "': "
              + given.length
              + " types for "
              + count
              + " tokens");
    }
    List<TokenType> known = List.of(TokenType.values());
    for (int id = 0; id < count; id++) {
      int type = given[id];
      if (type < 0 || type >= known.size()) {
        throw new IllegalArgumentException(
            at(Keys.TOKEN_TYPE, id) + type + ", expected a type from 0 to 6");
      }
      types[id] = known.get(type);
    }
    return types;
  }

  int size() {
    return tokens.size();
  }

  List<String> tokens() {
    return tokens;
  }

  String token(int id) {
    return tokens.get(id);
  }

  TokenType type(int id) {
    return types[id];
  }

  /** The id of a token, or a negative number. */
  int find(String token) {
    Integer id = ids.get(token);
    return id == null ? -1 : id;
  }

  OptionalInt idOf(String token) {
    int id = find(token);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
