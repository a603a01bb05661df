// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.expression.Expression;
import io.github.quant4j.model.expression.ExpressionException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the options of a description from the members of a configuration. Problems are gathered in
 * the configuration's values; after one, reading goes on with a stand-in.
 */
final class OptionReader {
  private final FamilyDescription family;
  private final ConfigurationValues values;
  private final int layer;
  private final Set<String> reported;
  private final String dropped;

  /** The members that the last expression asked for, with what they say or mean. */
  private final SequencedMap<String, JsonValue> seen = new LinkedHashMap<>();

  OptionReader(FamilyDescription family, ConfigurationValues values) {
    this(family, values, -1, new HashSet<>(), "");
  }

  private OptionReader(
      FamilyDescription family,
      ConfigurationValues values,
      int layer,
      Set<String> reported,
      String dropped) {
    this.family = family;
    this.dropped = dropped;
    this.values = values;
    this.layer = layer;
    this.reported = reported;
  }

  /** The same for a layer; a problem of an option is told once. */
  OptionReader at(int number) {
    return new OptionReader(family, values, number, reported, dropped);
  }

  /**
   * The same for files of the bare network, whose names are without the first word of those of a
   * model with a head: {@code h.0.ln_1} for {@code transformer.h.0.ln_1}.
   *
   * @param isThere whether the files have a tensor
   */
  OptionReader forFiles(Predicate<String> isThere) {
    String table = tensor("embeddings");
    int dot = table == null ? -1 : table.indexOf('.');
    if (table == null
        || dot <= 0
        || isThere.test(table + ".weight")
        || !isThere.test(table.substring(dot + 1) + ".weight")) {
      return this;
    }
    return new OptionReader(family, values, layer, reported, table.substring(0, dot + 1));
  }

  /** What a member says, under any of its names. */
  private JsonValue member(String name) {
    if (name.equals("layer")) {
      return new JsonValue.Num(String.valueOf(layer));
    }
    String spelling = spelling(name);
    JsonValue value =
        values.has(spelling)
            ? values.get(spelling).orElseGet(JsonValue.Null::new)
            : family.otherwise(name);
    seen.put(spelling, value);
    return value;
  }

  private JsonValue evaluate(String what, Expression expression) {
    seen.clear();
    try {
      return expression.evaluate(this::member);
    } catch (ExpressionException e) {
      if (reported.add(what)) {
        compoundProblem(String.valueOf(e.getMessage()));
      }
      seen.clear();
      return new JsonValue.Null();
    }
  }

  /** The name that a member has here: the one in use, or else the family's. */
  private String spelling(String member) {
    List<String> spellings = family.spellings(member);
    return spellings.stream().filter(values::has).findFirst().orElse(spellings.getFirst());
  }

  /** The value of any expression over the members; null where it has none. */
  JsonValue evaluated(Expression expression) {
    try {
      return expression.evaluate(this::member);
    } catch (ExpressionException e) {
      return new JsonValue.Null();
    }
  }

  private JsonValue value(String option) {
    return evaluate(option, family.option(option));
  }

  /**
   * The member that an option has its value from, for messages: the last that says something, or,
   * where all are silent, the first.
   */
  Optional<String> source(String option) {
    value(option);
    return source();
  }

  private Optional<String> source() {
    return seen.sequencedEntrySet().reversed().stream()
        .filter(entry -> !isNull(entry.getValue()))
        .map(Map.Entry::getKey)
        .findFirst()
        .or(() -> seen.isEmpty() ? Optional.empty() : Optional.of(seen.firstEntry().getKey()));
  }

  /** Whether nothing is wrong with some options, so that they can be judged together. */
  boolean areSound(String... options) {
    return Arrays.stream(options).noneMatch(reported::contains);
  }

  /** Says what is wrong with an option, unless its members have been spoken of. */
  void problem(String option, String expected) {
    JsonValue value = value(option);
    if (!reported.add(option)) {
      return;
    }
    Optional<String> source = source();
    if (source.isPresent() && value.equals(seen.get(source.get()))) {
      String member = source.get();
      if (!values.areSound(member)) {
        return;
      }
      if (values.has(member)) {
        values.problem(member, expected);
      } else {
        values.problem(
            names(member) + ": " + missing(value) + ", expected " + expected, Set.of(member));
      }
      return;
    }
    compoundProblem(
        "'" + family.option(option) + "': " + JsonWriter.compact(value) + ", expected " + expected);
  }

  /** What a missing member may be called. */
  private String names(String spelling) {
    return family.otherSpellings(spelling).stream()
        .map(name -> "'" + name + "'")
        .collect(Collectors.joining(" or "));
  }

  /** The members that an option is made of, as they are called here. */
  Set<String> members(String option) {
    Set<String> members = new LinkedHashSet<>();
    for (String name : family.option(option).names()) {
      if (!name.equals("layer")) {
        members.add(spelling(name));
      }
    }
    return members;
  }

  /** A problem of a value that several members make. */
  private void compoundProblem(String message) {
    if (!seen.keySet().stream().allMatch(values::areSound)) {
      return;
    }
    StringBuilder members = new StringBuilder();
    seen.forEach(
        (member, value) ->
            members
                .append(members.isEmpty() ? "; '" : ", '")
                .append(member)
                .append("' is ")
                .append(values.has(member) ? ConfigurationValues.cut(value) : missing(value)));
    values.problem(message + members, seen.keySet());
  }

  private static String missing(JsonValue otherwise) {
    return isNull(otherwise)
        ? "missing"
        : "missing, which means " + ConfigurationValues.cut(otherwise);
  }

  private static boolean isNull(JsonValue value) {
    return value instanceof JsonValue.Null;
  }

  int integer(String option, int minimum, int maximum) {
    return read(option, minimum, maximum, true).orElse(minimum);
  }

  /** A whole number, or none if the option is null. */
  OptionalInt optionalInteger(String option, int minimum, int maximum) {
    return read(option, minimum, maximum, false);
  }

  private OptionalInt read(String option, int minimum, int maximum, boolean required) {
    JsonValue value = value(option);
    if (isNull(value) && !required) {
      return OptionalInt.empty();
    }
    try {
      if (value instanceof JsonValue.Num number
          && number.asLong() >= minimum
          && number.asLong() <= maximum) {
        return OptionalInt.of((int) number.asLong());
      }
    } catch (JsonException e) {
      // Not a whole number: the problem below says so.
    }
    problem(
        option,
        maximum == Integer.MAX_VALUE
            ? "a whole number of at least " + minimum
            : "a whole number from " + minimum + " to " + maximum);
    return OptionalInt.empty();
  }

  /** A finite number, or none if the option is null. */
  OptionalDouble optionalNumber(String option) {
    JsonValue value = value(option);
    if (isNull(value)) {
      return OptionalDouble.empty();
    }
    if (value instanceof JsonValue.Num number && Double.isFinite(number.asDouble())) {
      return OptionalDouble.of(number.asDouble());
    }
    problem(option, "a number");
    return OptionalDouble.empty();
  }

  /** A finite number of at least 0. */
  double number(String option) {
    JsonValue value = value(option);
    if (value instanceof JsonValue.Num number
        && number.asDouble() >= 0
        && Double.isFinite(number.asDouble())) {
      return number.asDouble();
    }
    problem(option, "a number of at least 0");
    return 0;
  }

  /** A finite number above 0. */
  double positive(String option) {
    JsonValue value = value(option);
    if (value instanceof JsonValue.Num number
        && number.asDouble() > 0
        && Double.isFinite(number.asDouble())) {
      return number.asDouble();
    }
    problem(option, "a positive number");
    return 1;
  }

  boolean flag(String option) {
    JsonValue value = value(option);
    if (value instanceof JsonValue.Bool(boolean flag)) {
      return flag;
    }
    problem(option, "true or false");
    return false;
  }

  String text(String option) {
    JsonValue value = value(option);
    if (value instanceof JsonValue.Str(String text)) {
      return text;
    }
    problem(option, "a string");
    return "";
  }

  /** A constant of an enumeration, by its name in lower case. */
  <E extends Enum<E>> E choice(String option, Class<E> type) {
    E[] constants = type.getEnumConstants();
    String text = text(option);
    for (E constant : constants) {
      if (name(constant).equals(text)) {
        return constant;
      }
    }
    problem(option, "one of " + Arrays.stream(constants).map(OptionReader::name).toList());
    return constants[0];
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** The name of a tensor or module; null if there is none. */
  @Nullable String tensor(String role) {
    return tensor(role, -1);
  }

  /** The name of a tensor or module of an expert; null if there is none. */
  @Nullable String tensor(String role, int expert) {
    TensorName name = family.tensorOf(role);
    String chosen = name.name();
    Expression condition = name.condition();
    if (condition != null) {
      JsonValue value = evaluate("tensors." + role, condition);
      if (!(value instanceof JsonValue.Bool(boolean holds))) {
        if (reported.add("tensors." + role)) {
          compoundProblem(
              "'" + condition + "': " + JsonWriter.compact(value) + ", expected true or false");
        }
        return null;
      }
      chosen = holds ? name.name() : name.otherwise();
    }
    if (chosen == null) {
      return null;
    }
    String block = role.equals("block") ? "" : String.valueOf(family.tensorOf("block").name());
    String full =
        chosen
            .replace("{block}", block)
            .replace("{layer}", String.valueOf(layer))
            .replace("{expert}", String.valueOf(expert));
    return full.startsWith(dropped) ? full.substring(dropped.length()) : full;
  }

  /** The name of a tensor or module that every model of the family has. */
  String requireTensor(String role) {
    return requireTensor(role, -1);
  }

  String requireTensor(String role, int expert) {
    String name = tensor(role, expert);
    return name == null ? "(tensor '" + role + "' of family '" + family.name() + "')" : name;
  }

  ConfigurationValues values() {
    return values;
  }
}
