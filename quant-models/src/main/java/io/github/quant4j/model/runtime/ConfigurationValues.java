// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the values of a JSON object and gathers what is wrong with them instead of throwing, so
 * that all problems of a file can be told at once. After a problem, reading goes on with a
 * stand-in.
 */
public final class ConfigurationValues {
  private static final int SHOWN_CHARACTERS = 60;

  private final JsonValue.Obj object;
  private final String prefix;
  private final List<String> problems;
  private final Set<String> keysWithProblems = new HashSet<>();
  private final Set<String> read = new HashSet<>();

  public ConfigurationValues(JsonValue.Obj object) {
    this(object, "", new ArrayList<>());
  }

  private ConfigurationValues(JsonValue.Obj object, String prefix, List<String> problems) {
    this.object = object;
    this.prefix = prefix;
    this.problems = problems;
  }

  public List<String> problems() {
    return problems;
  }

  /** True also for a key whose value is null. */
  public boolean has(String key) {
    return object.members().containsKey(key);
  }

  public Optional<JsonValue> get(String key) {
    read.add(key);
    return object.get(key);
  }

  /** The members that nobody has asked for, in the order of the file. */
  public List<String> unread() {
    return object.members().keySet().stream().filter(key -> !read.contains(key)).toList();
  }

  /** Whether a member says nothing: null, false, 0, or an empty text, array or object. */
  public boolean isNeutral(String key) {
    return switch (object.get(key).orElse(null)) {
      case null -> true;
      case JsonValue.Null _ -> true;
      case JsonValue.Bool(var value) -> !value;
      case JsonValue.Num number -> isNumber(number, 0);
      case JsonValue.Str(var text) -> text.isEmpty();
      case JsonValue.Arr(var elements) -> elements.isEmpty();
      case JsonValue.Obj members -> members.members().isEmpty();
    };
  }

  /** Whether a member is this number. */
  public boolean isNumber(String key, double expected) {
    return object.get(key).orElse(null) instanceof JsonValue.Num number
        && isNumber(number, expected);
  }

  /** Whether a member is one of these texts. */
  public boolean isText(String key, String... expected) {
    return object.get(key).orElse(null) instanceof JsonValue.Str(var text)
        && Arrays.asList(expected).contains(text);
  }

  private static boolean isNumber(JsonValue.Num number, double expected) {
    return Double.parseDouble(number.text()) == expected;
  }

  /** How the value of a key appears in messages. */
  public String shown(String key) {
    if (!has(key)) {
      return "'" + prefix + key + "': missing";
    }
    return "'" + prefix + key + "': " + cut(object.get(key).orElseGet(JsonValue.Null::new));
  }

  /** How a value appears in messages. */
  public static String cut(JsonValue value) {
    String text = JsonWriter.compact(value);
    return text.length() > SHOWN_CHARACTERS ? text.substring(0, SHOWN_CHARACTERS) + "..." : text;
  }

  public void problem(String key, String expected) {
    problems.add(shown(key) + ", expected " + expected);
    keysWithProblems.add(key);
  }

  /** A problem of several keys at once, in words of its own. */
  public void problem(String message, Collection<String> keys) {
    problems.add(message);
    keysWithProblems.addAll(keys);
  }

  /** Whether the values of some keys can be judged together. */
  public boolean areSound(String... keys) {
    return Arrays.stream(keys).noneMatch(keysWithProblems::contains);
  }

  public int integer(String key, int minimum, int maximum) {
    return optionalInteger(key, minimum, maximum)
        .orElseGet(
            () -> {
              if (object.get(key).isEmpty()) {
                problem(key, wholeNumber(minimum, maximum));
              }
              return minimum;
            });
  }

  public Optional<Integer> optionalInteger(String key, int minimum, int maximum) {
    try {
      read.add(key);
      Optional<Integer> value = object.getInt(key);
      if (value.isPresent() && (value.get() < minimum || value.get() > maximum)) {
        problem(key, wholeNumber(minimum, maximum));
        return Optional.empty();
      }
      return value;
    } catch (JsonException e) {
      problem(key, wholeNumber(minimum, maximum));
      return Optional.empty();
    }
  }

  private static String wholeNumber(int minimum, int maximum) {
    return maximum == Integer.MAX_VALUE
        ? "a whole number of at least " + minimum
        : "a whole number from " + minimum + " to " + maximum;
  }

  /** A finite number greater than 0. */
  public Optional<Double> optionalPositive(String key) {
    String expected = "a positive number";
    read.add(key);
    try {
      Optional<Double> value = object.getDouble(key);
      if (value.isPresent() && !(value.get() > 0 && value.get() < Double.POSITIVE_INFINITY)) {
        problem(key, expected);
        return Optional.empty();
      }
      return value;
    } catch (JsonException e) {
      problem(key, expected);
      return Optional.empty();
    }
  }

  public double positive(String key) {
    return optionalPositive(key)
        .orElseGet(
            () -> {
              if (object.get(key).isEmpty()) {
                problem(key, "a positive number");
              }
              return 1.0;
            });
  }

  public boolean flag(String key, boolean otherwise) {
    read.add(key);
    try {
      return object.getBoolean(key).orElse(otherwise);
    } catch (JsonException e) {
      problem(key, "true or false");
      return otherwise;
    }
  }

  public Optional<String> text(String key) {
    read.add(key);
    try {
      return object.getString(key);
    } catch (JsonException e) {
      problem(key, "a string");
      return Optional.empty();
    }
  }

  /** Strings; empty if the key is missing, or after a problem. */
  public List<String> texts(String key) {
    List<String> values = new ArrayList<>();
    read.add(key);
    try {
      for (JsonValue element : object.getArray(key).orElse(List.of())) {
        if (element instanceof JsonValue.Str(String value)) {
          values.add(value);
        } else {
          problem(key, "an array of strings");
          return List.of();
        }
      }
    } catch (JsonException e) {
      problem(key, "an array of strings");
    }
    return values;
  }

  /** A token; empty if the key is missing or -1, with which some writers say that there is none. */
  public Optional<Integer> token(String key, int vocabulary) {
    read.add(key);
    return isNumber(key, -1) ? Optional.empty() : optionalInteger(key, 0, vocabulary - 1);
  }

  /** One token or an array of them, without those that are -1. */
  public List<Integer> tokens(String key, int vocabulary) {
    return oneOrMore(key, -1, vocabulary - 1).stream().filter(token -> token >= 0).toList();
  }

  /** One whole number or an array of them; empty if the key is missing, or after a problem. */
  public List<Integer> oneOrMore(String key, int minimum, int maximum) {
    read.add(key);
    String expected =
        "whole numbers from " + minimum + " to " + maximum + ", one or an array of them";
    List<JsonValue> elements =
        switch (object.get(key).orElse(null)) {
          case null -> List.of();
          case JsonValue.Arr(var values) -> values;
          case JsonValue single -> List.of(single);
        };
    List<Integer> numbers = new ArrayList<>();
    for (JsonValue element : elements) {
      try {
        if (element instanceof JsonValue.Num number
            && number.asLong() >= minimum
            && number.asLong() <= maximum) {
          numbers.add((int) number.asLong());
          continue;
        }
      } catch (JsonException e) {
        // Not a whole number: the message below says so.
      }
      problem(key, expected);
      return List.of();
    }
    return numbers;
  }

  /** An object within this one, whose problems are gathered here. */
  public Optional<ConfigurationValues> section(String key) {
    read.add(key);
    try {
      return object
          .getObject(key)
          .map(section -> new ConfigurationValues(section, prefix + key + ".", problems));
    } catch (JsonException e) {
      problem(key, "an object or null");
      return Optional.empty();
    }
  }
}
