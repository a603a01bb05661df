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
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
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
  private @Nullable String source;

  OptionReader(FamilyDescription family, ConfigurationValues values) {
    this(family, values, -1, new HashSet<>());
  }

  private OptionReader(
      FamilyDescription family, ConfigurationValues values, int layer, Set<String> reported) {
    this.family = family;
    this.values = values;
    this.layer = layer;
    this.reported = reported;
  }

  /** The same for a layer; a problem of an option is told once. */
  OptionReader at(int number) {
    return new OptionReader(family, values, number, reported);
  }

  /** What a member says, under any of its names. */
  private JsonValue member(String name) {
    if (name.equals("layer")) {
      return new JsonValue.Num(String.valueOf(layer));
    }
    for (String spelling : family.spellings(name)) {
      if (values.has(spelling)) {
        JsonValue value = values.get(spelling).orElseGet(JsonValue.Null::new);
        if (!(value instanceof JsonValue.Null)) {
          source = spelling;
        }
        return value;
      }
    }
    JsonValue otherwise = family.otherwise(name);
    return otherwise;
  }

  private JsonValue evaluate(String what, Expression expression) {
    source = null;
    try {
      JsonValue value = expression.evaluate(this::member);
      Optional<String> single = expression.member();
      if (single.isPresent() && source == null) {
        source = spelling(single.get());
      }
      return value;
    } catch (ExpressionException e) {
      if (reported.add(what)) {
        values.problems().add(String.valueOf(e.getMessage()));
      }
      source = null;
      return new JsonValue.Null();
    }
  }

  /** The name of a member that is missing: the one in use, or else the family's. */
  private String spelling(String member) {
    List<String> spellings = family.spellings(member);
    return spellings.stream().filter(values::has).findFirst().orElse(spellings.getFirst());
  }

  private JsonValue value(String option) {
    return evaluate(option, family.option(option, true));
  }

  /** The member that an option was last read from, for messages. */
  Optional<String> source(String option) {
    value(option);
    return Optional.ofNullable(source);
  }

  /** Says what is wrong with an option. */
  void problem(String option, String expected) {
    JsonValue value = value(option);
    String member = source;
    if (!reported.add(option)) {
      return;
    }
    if (member != null && (values.get(member).map(value::equals).orElse(isNull(value)))) {
      values.problem(member, expected);
    } else if (member != null && !values.areSound(member)) {
      return;
    } else {
      values
          .problems()
          .add(
              "'"
                  + family.option(option, true)
                  + "': "
                  + JsonWriter.compact(value)
                  + ", expected "
                  + expected);
    }
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
    return constant.name().toLowerCase(java.util.Locale.ROOT);
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
          values
              .problems()
              .add(
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
    return chosen
        .replace("{block}", block)
        .replace("{layer}", String.valueOf(layer))
        .replace("{expert}", String.valueOf(expert));
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
