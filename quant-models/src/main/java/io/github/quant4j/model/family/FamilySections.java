// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.grammar.Suggestion;
import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.expression.Expression;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the sections of a family's description, which may come from anywhere. */
final class FamilySections {
  private static final List<String> NAMES =
      List.of(
          "architecture",
          "model_type",
          "about",
          "extends",
          "members",
          "defaults",
          "options",
          "tensors",
          "rotary",
          "expect",
          "harmless");

  /** Only the root has it: what options and tensors mean. */
  private static final String MEANING = "meaning";

  private static final Pattern PLACE = Pattern.compile("[{]([^{}]*)[}]|[{}]");
  private static final int SHOWN_CHARACTERS = 60;

  private final String name;
  private final JsonValue.Obj description;

  /**
   * Sections.
   *
   * @param name what messages call the family
   * @param isRoot whether it is the description that all others extend
   * @throws InvalidFamilyException if there is one that is not known
   */
  FamilySections(String name, JsonValue.Obj description, boolean isRoot) {
    this.name = name;
    this.description = description;
    for (String section : description.members().keySet()) {
      if (!NAMES.contains(section) && !(isRoot && section.equals(MEANING))) {
        throw new InvalidFamilyException(
            "family '" + name + "': section '" + section + "' is not known" + hint(section, NAMES));
      }
    }
  }

  InvalidFamilyException invalid(String where, @Nullable JsonValue found, String expected) {
    String text = found == null ? "missing" : JsonWriter.compact(found);
    return new InvalidFamilyException(
        "family '"
            + name
            + "': '"
            + where
            + "': "
            + (text.length() > SHOWN_CHARACTERS
                ? text.substring(0, SHOWN_CHARACTERS) + "..."
                : text)
            + ", expected "
            + expected);
  }

  /** The members of a section, each made something; nothing if it is missing. */
  <T> void read(String section, Map<String, T> into, BiFunction<String, JsonValue, T> reader) {
    JsonValue value = description.members().get(section);
    if (value instanceof JsonValue.Obj object) {
      object
          .members()
          .forEach((key, member) -> into.put(key, reader.apply(section + "." + key, member)));
    } else if (value != null) {
      throw invalid(section, value, "an object");
    }
  }

  /** Refuses members of a section that are not known. */
  void requireKnown(String section, Collection<String> known) {
    if (description.members().get(section) instanceof JsonValue.Obj object) {
      for (String key : object.members().keySet()) {
        if (!known.contains(key)) {
          throw new InvalidFamilyException(
              "family '"
                  + name
                  + "': '"
                  + section
                  + "."
                  + key
                  + "' is not known"
                  + hint(key, known));
        }
      }
    }
  }

  /** The name that was meant, or else all that are known. */
  static String hint(String name, Collection<String> known) {
    String suggestion = Suggestion.of(name, known);
    return suggestion.isEmpty()
        ? ", expected one of " + known.stream().sorted().toList()
        : suggestion;
  }

  /** Refuses a member called {@code layer}, which expressions have for the layer's number. */
  void requireNoLayer(String section) {
    if (description.members().get(section) instanceof JsonValue.Obj object
        && object.members().containsKey("layer")) {
      throw invalid(
          section + ".layer",
          object.members().get("layer"),
          "another name: in expressions it is the number of the layer");
    }
  }

  /** One string or several; none if the section is missing. */
  List<String> texts(String section) {
    JsonValue value = description.members().get(section);
    return value == null ? List.of() : texts(section, value);
  }

  /** One string or several. */
  List<String> texts(String where, JsonValue value) {
    List<JsonValue> elements =
        value instanceof JsonValue.Arr(var several) ? several : List.of(value);
    List<String> texts = new ArrayList<>();
    for (JsonValue element : elements) {
      if (!(element instanceof JsonValue.Str(String text)) || text.isEmpty()) {
        throw invalid(where, value, "a string or an array of them, none of them empty");
      }
      texts.add(text);
    }
    return texts;
  }

  /** One string; null if the section is missing. */
  @Nullable String text(String section) {
    JsonValue value = description.members().get(section);
    return value == null ? null : text(section, value);
  }

  String text(String where, JsonValue value) {
    if (value instanceof JsonValue.Str(String text)) {
      return text;
    }
    throw invalid(where, value, "a string");
  }

  /** Values of which a member must have one. */
  List<JsonValue> allowed(String where, JsonValue value) {
    if (value instanceof JsonValue.Arr(var elements) && !elements.isEmpty()) {
      return elements;
    }
    throw invalid(where, value, "an array of the values that the runtime understands");
  }

  Expression expression(String where, JsonValue value) {
    try {
      return switch (value) {
        case JsonValue.Str(String text) -> Expression.parse(text);
        case JsonValue.Num number -> Expression.parse(number.text());
        case JsonValue.Bool(boolean flag) -> Expression.parse(String.valueOf(flag));
        case JsonValue.Null _ -> Expression.parse("null");
        case JsonValue.Arr _, JsonValue.Obj _ ->
            throw invalid(where, value, "an expression, a number, true, false or null");
      };
    } catch (SyntaxException e) {
      throw new InvalidFamilyException(
          "family '" + name + "': '" + where + "': " + e.getMessage(), e);
    }
  }

  /** A name, a choice of two, or null for none. */
  TensorName tensorName(String where, JsonValue value) {
    if (!(value instanceof JsonValue.Obj(var choice))) {
      return new TensorName(null, template(where, value), null);
    }
    if (!choice.keySet().equals(Set.of("if", "then", "else"))) {
      throw invalid(where, value, "members 'if', 'then' and 'else'");
    }
    return new TensorName(
        expression(where + ".if", choice.getOrDefault("if", new JsonValue.Null())),
        template(where + ".then", choice.get("then")),
        template(where + ".else", choice.get("else")));
  }

  private @Nullable String template(String where, @Nullable JsonValue value) {
    if (value instanceof JsonValue.Null) {
      return null;
    }
    if (!(value instanceof JsonValue.Str(String text)) || text.isEmpty()) {
      throw invalid(where, value, "a name, or null for no tensor");
    }
    List<String> places = places(where);
    Matcher matcher = PLACE.matcher(text);
    while (matcher.find()) {
      String place = matcher.group(1);
      if (place == null || !places.contains(place)) {
        throw invalid(where, value, "no braces but those of places, which are " + braced(places));
      }
    }
    if (where.equals("tensors.block") && !text.endsWith("{layer}")) {
      throw invalid(where, value, "a name that ends with {layer}");
    }
    if (where.startsWith("tensors.expert_") && !text.contains("{expert}")) {
      throw invalid(where, value, "a name with {expert}");
    }
    return text;
  }

  private static List<String> places(String where) {
    if (where.equals("tensors.block")) {
      return List.of("layer");
    }
    return where.startsWith("tensors.expert_")
        ? List.of("block", "layer", "expert")
        : List.of("block", "layer");
  }

  private static List<String> braced(List<String> places) {
    return places.stream().map(place -> "{" + place + "}").toList();
  }
}
