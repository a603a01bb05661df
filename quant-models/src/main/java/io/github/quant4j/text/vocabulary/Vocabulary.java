// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.vocabulary;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ObjIntConsumer;

/** The tokens of a model and their ids, which need not be consecutive. Immutable. */
public final class Vocabulary {
  private final Map<String, Integer> ids;
  private final Map<Integer, String> tokens;

  private Vocabulary(Map<String, Integer> ids, Map<Integer, String> tokens) {
    this.ids = ids;
    this.tokens = tokens;
  }

  /**
   * Reads the member {@code vocab} of a model. Where two tokens have the same id, the id stands for
   * the first.
   *
   * @param model the section of the model
   * @return the vocabulary
   * @throws IllegalArgumentException if it is missing or malformed
   */
  public static Vocabulary read(Section model) {
    Section section = model.section("vocab");
    Map<String, JsonValue> members = section.value().members();
    Map<String, Integer> ids = HashMap.newHashMap(members.size());
    Map<Integer, String> tokens = HashMap.newHashMap(members.size());
    members.forEach(
        (name, value) -> {
          String path = section.path() + "['" + name + "']";
          String token = Section.textOf(new JsonValue.Str(name), path);
          Integer id = Section.naturalOf(value, path);
          ids.put(token, id);
          tokens.putIfAbsent(id, token);
        });
    return new Vocabulary(ids, tokens);
  }

  /**
   * How many tokens there are.
   *
   * @return the count
   */
  public int size() {
    return ids.size();
  }

  /**
   * The id of a token.
   *
   * @param token its text, as the vocabulary spells it
   * @return its id, or empty if it is not of the vocabulary
   */
  public OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * The token of an id.
   *
   * @param id any
   * @return its text, as the vocabulary spells it, or empty if no token has this id
   */
  public Optional<String> tokenOf(int id) {
    return Optional.ofNullable(tokens.get(id));
  }

  /**
   * Visits each token with its id, in no particular order.
   *
   * @param visitor what to do with a token and its id
   */
  public void forEach(ObjIntConsumer<String> visitor) {
    ids.forEach((token, id) -> visitor.accept(token, id));
  }

  /**
   * The id of a token, for loops that look up many.
   *
   * @param token its text, as the vocabulary spells it
   * @return its id, or a negative number if it is not of the vocabulary
   */
  public int find(String token) {
    Integer id = ids.get(token);
    return id == null ? -1 : id;
  }
}
