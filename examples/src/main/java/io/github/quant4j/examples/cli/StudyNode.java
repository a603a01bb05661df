// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A value of a study file, and where it stands there, for messages. Nothing that is not understood
 * is passed over.
 *
 * @param place its place, such as {@code study.yaml: data[0].context}
 * @param value a map, a list, a text, a number or a truth value; null for nothing
 */
record StudyNode(String place, @Nullable Object value) {

  /** What a message says of a value. */
  private UsageException unexpected(String expected) {
    return new UsageException(place + ": " + describe() + ", expected " + expected);
  }

  private String describe() {
    return switch (value) {
      case null -> "nothing";
      case Map<?, ?> _ -> "a mapping";
      case List<?> _ -> "a list";
      case String text -> "'" + text + "'";
      default -> String.valueOf(value);
    };
  }

  /** Whether it has members. */
  boolean isMapping() {
    return value instanceof Map<?, ?>;
  }

  /** Requires a mapping without any but these keys. */
  StudyNode requireKeys(Set<String> keys) {
    if (!(value instanceof Map<?, ?> map)) {
      throw unexpected("a mapping with " + String.join(", ", keys));
    }
    for (Object key : map.keySet()) {
      if (!keys.contains(String.valueOf(key))) {
        throw new UsageException(
            place + ": unknown key '" + key + "', expected one of " + String.join(", ", keys));
      }
    }
    return this;
  }

  /** A member, if it is there. */
  Optional<StudyNode> member(String key) {
    if (value instanceof Map<?, ?> map && map.containsKey(key)) {
      String inner = place.endsWith(": ") ? place + key : place + "." + key;
      return Optional.of(new StudyNode(inner, map.get(key)));
    }
    return Optional.empty();
  }

  /** A member that must be there. */
  StudyNode require(String key) {
    return member(key)
        .orElseThrow(() -> new UsageException(place + ": missing '" + key + "', expected it"));
  }

  /** The elements of a list; anything else is a list of itself. */
  List<StudyNode> elements() {
    if (!(value instanceof List<?> list)) {
      return List.of(this);
    }
    List<StudyNode> elements = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      elements.add(new StudyNode(place + "[" + i + "]", list.get(i)));
    }
    if (elements.isEmpty()) {
      throw unexpected("at least one element");
    }
    return elements;
  }

  /** A text that is not empty. */
  String text() {
    if (value instanceof String text && !text.isBlank()) {
      return text;
    }
    throw unexpected("a text");
  }

  /** A whole number within a range. */
  long whole(long least, long most) {
    long number =
        switch (value) {
          case Integer small -> small;
          case Long large -> large;
          case null, default -> throw unexpected("a whole number");
        };
    if (number < least || number > most) {
      throw unexpected(number < least ? "at least " + least : "at most " + most);
    }
    return number;
  }

  /** A whole number within a range. */
  int count(int least, int most) {
    return (int) whole(least, most);
  }

  /** A number. */
  double number() {
    return switch (value) {
      case Integer small -> small;
      case Long large -> (double) large;
      case Double decimal -> decimal;
      case null, default -> throw unexpected("a number");
    };
  }

  /** A truth value. */
  boolean truth() {
    if (value instanceof Boolean truth) {
      return truth;
    }
    throw unexpected("true or false");
  }
}
