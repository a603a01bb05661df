// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.json;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** A JSON document (RFC 8259) as an immutable tree. Objects keep the order of their members. */
public sealed interface JsonValue {

  /**
   * An object.
   *
   * @param members in order; names are unique
   */
  record Obj(SequencedMap<String, JsonValue> members) implements JsonValue {
    /** Copies the members. */
    public Obj {
      members = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(members));
    }

    /**
     * A member.
     *
     * @param name its name
     * @return its value, or empty if it is missing or null
     */
    public Optional<JsonValue> get(String name) {
      JsonValue value = members.get(name);
      return value instanceof Null ? Optional.empty() : Optional.ofNullable(value);
    }

    /**
     * A member that is an object.
     *
     * @param name its name
     * @return its value, or empty if it is missing or null
     * @throws JsonException if it is something else
     */
    public Optional<Obj> getObject(String name) {
      return get(name).map(value -> value.as(Obj.class, "object", name));
    }

    /**
     * A member that is an array.
     *
     * @param name its name
     * @return its elements, or empty if it is missing or null
     * @throws JsonException if it is something else
     */
    public Optional<List<JsonValue>> getArray(String name) {
      return get(name).map(value -> value.as(Arr.class, "array", name).elements());
    }

    /**
     * A member that is a string.
     *
     * @param name its name
     * @return its value, or empty if it is missing or null
     * @throws JsonException if it is something else
     */
    public Optional<String> getString(String name) {
      return get(name).map(value -> value.as(Str.class, "string", name).value());
    }

    /**
     * A member that is a whole number.
     *
     * @param name its name
     * @return its value, or empty if it is missing or null
     * @throws JsonException if it is something else, or does not fit an int
     */
    public Optional<Integer> getInt(String name) {
      return get(name)
          .map(
              value -> {
                long number = value.as(Num.class, "number", name).asLong();
                if (number != (int) number) {
                  throw new JsonException("'" + name + "': " + number + " does not fit 32 bits");
                }
                return (int) number;
              });
    }

    /**
     * A member that is a number.
     *
     * @param name its name
     * @return its value, or empty if it is missing or null
     * @throws JsonException if it is something else
     */
    public Optional<Double> getDouble(String name) {
      return get(name).map(value -> value.as(Num.class, "number", name).asDouble());
    }

    /**
     * A member that is true or false.
     *
     * @param name its name
     * @return its value, or empty if it is missing or null
     * @throws JsonException if it is something else
     */
    public Optional<Boolean> getBoolean(String name) {
      return get(name).map(value -> value.as(Bool.class, "true or false", name).value());
    }
  }

  /**
   * An array.
   *
   * @param elements in order
   */
  record Arr(List<JsonValue> elements) implements JsonValue {
    /** Copies the elements. */
    public Arr {
      elements = List.copyOf(elements);
    }
  }

  /**
   * A string.
   *
   * @param value its characters
   */
  record Str(String value) implements JsonValue {}

  /**
   * A number, kept as it was written.
   *
   * @param text a JSON number
   */
  record Num(String text) implements JsonValue {
    /**
     * The value as a long.
     *
     * @return the value
     * @throws JsonException if it is not a whole number that fits 64 bits
     */
    public long asLong() {
      try {
        // The length guard keeps 1e999999999 from becoming a number of a billion digits.
        return text.length() > 64 || new BigDecimal(text).scale() < -20
            ? Long.parseLong(text)
            : new BigDecimal(text).longValueExact();
      } catch (NumberFormatException | ArithmeticException e) {
        throw new JsonException("'" + text + "' is not a whole number that fits 64 bits", e);
      }
    }

    /**
     * The value as a double.
     *
     * @return the nearest double
     */
    public double asDouble() {
      return Double.parseDouble(text);
    }
  }

  /**
   * True or false.
   *
   * @param value which
   */
  record Bool(boolean value) implements JsonValue {}

  /** Null. */
  record Null() implements JsonValue {}

  private <T extends JsonValue> T as(Class<T> type, String expected, String name) {
    if (!type.isInstance(this)) {
      throw new JsonException("'" + name + "': expected " + expected + ", found " + kind());
    }
    return type.cast(this);
  }

  /**
   * What kind of value this is, for messages.
   *
   * @return object, array, string, number, boolean or null
   */
  default String kind() {
    return switch (this) {
      case Obj _ -> "object";
      case Arr _ -> "array";
      case Str _ -> "string";
      case Num _ -> "number";
      case Bool _ -> "boolean";
      case Null() -> "null";
    };
  }

  /**
   * Turns plain Java values into JSON.
   *
   * @param value null, a JsonValue, String, Boolean, Integer, Long, finite Double or Float, Map
   *     with string keys, or Iterable of such
   * @return the tree
   * @throws IllegalArgumentException if a value is of another type, or a number is not finite
   */
  static JsonValue of(@org.jspecify.annotations.Nullable Object value) {
    return switch (value) {
      case null -> new Null();
      case JsonValue json -> json;
      case String text -> new Str(text);
      case Boolean bool -> new Bool(bool);
      case Integer number -> new Num(number.toString());
      case Long number -> new Num(number.toString());
      case Float number -> finite(number, number.toString());
      case Double number -> finite(number, number.toString());
      case Map<?, ?> map -> {
        SequencedMap<String, JsonValue> members = new LinkedHashMap<>();
        map.forEach((key, member) -> members.put((String) key, of(member)));
        yield new Obj(members);
      }
      case Iterable<?> list -> {
        List<JsonValue> elements = new java.util.ArrayList<>();
        list.forEach(element -> elements.add(of(element)));
        yield new Arr(elements);
      }
      default ->
          throw new IllegalArgumentException(
              "value: " + value.getClass().getName() + " has no JSON form");
    };
  }

  private static Num finite(double value, String text) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("value: " + text + " has no JSON form");
    }
    return new Num(text);
  }
}
