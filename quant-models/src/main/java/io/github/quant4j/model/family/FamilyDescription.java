// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.expression.Expression;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What makes a family of decoders, as data: which options its network has, from which members of
 * config.json they come, and what its tensors are called. {@code docs/families.md} explains the
 * form.
 */
public final class FamilyDescription {
  private static final Set<String> SECTIONS =
      Set.of(
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

  private final String name;
  private final @Nullable FamilyDescription base;
  private final List<String> architectures;
  private final List<String> modelTypes;
  private final String about;
  private final SequencedMap<String, List<String>> members = new LinkedHashMap<>();
  private final SequencedMap<String, JsonValue> defaults = new LinkedHashMap<>();
  private final SequencedMap<String, Expression> options = new LinkedHashMap<>();
  private final SequencedMap<String, TensorName> tensors = new LinkedHashMap<>();
  private final SequencedMap<String, JsonValue> rotary = new LinkedHashMap<>();
  private final SequencedMap<String, List<JsonValue>> expected = new LinkedHashMap<>();
  private final Set<String> harmless = new LinkedHashSet<>();
  private final int changes;

  private FamilyDescription(
      String name, JsonValue.Obj description, @Nullable FamilyDescription base) {
    this.name = name;
    this.base = base;
    for (String section : description.members().keySet()) {
      if (!SECTIONS.contains(section)) {
        throw invalid(section, "one of " + SECTIONS.stream().sorted().toList());
      }
    }
    this.architectures = texts(description, "architecture");
    this.modelTypes = texts(description, "model_type");
    this.about = String.join(" ", texts(description, "about"));
    if (base != null) {
      members.putAll(base.members);
      defaults.putAll(base.defaults);
      options.putAll(base.options);
      tensors.putAll(base.tensors);
      rotary.putAll(base.rotary);
      expected.putAll(base.expected);
      harmless.addAll(base.harmless);
    }
    each(description, "members", (key, value) -> members.put(key, texts("members." + key, value)));
    each(description, "defaults", defaults::put);
    each(description, "options", (key, value) -> options.put(option(key), expression(key, value)));
    each(description, "tensors", (key, value) -> tensors.put(tensor(key), tensorName(key, value)));
    each(description, "rotary", rotary::put);
    each(description, "expect", (key, value) -> expected.put(key, allowed(key, value)));
    harmless.addAll(texts(description, "harmless"));
    this.changes =
        description.getObject("options").map(section -> section.members().size()).orElse(0);
  }

  /**
   * Reads a description.
   *
   * @param name what messages call it
   * @param description the contents of its file
   * @param families finds the description that it extends by name
   * @throws InvalidFamilyException if it is malformed
   */
  static FamilyDescription read(
      String name, JsonValue.Obj description, Function<String, FamilyDescription> families) {
    List<String> bases = texts(name, "extends", description.members().get("extends"));
    return new FamilyDescription(
        name, description, families.apply(bases.isEmpty() ? Families.ROOT : bases.getFirst()));
  }

  /** Reads the description that all others extend: every option and tensor with its default. */
  static FamilyDescription root(JsonValue.Obj description) {
    return new FamilyDescription(Families.ROOT, description, null);
  }

  private InvalidFamilyException invalid(String where, String expected) {
    return new InvalidFamilyException(
        "family '" + name + "': '" + where + "', expected " + expected);
  }

  /** Something to do with each member of a section. */
  private interface Entry {
    void accept(String key, JsonValue value);
  }

  private void each(JsonValue.Obj description, String section, Entry entry) {
    JsonValue value = description.members().get(section);
    if (value instanceof JsonValue.Obj object) {
      object.members().forEach(entry::accept);
    } else if (value != null) {
      throw invalid(section, "an object");
    }
  }

  private List<String> texts(JsonValue.Obj description, String key) {
    return texts(name, key, description.members().get(key));
  }

  private List<String> texts(String key, JsonValue value) {
    return texts(name, key, value);
  }

  /** One string or several. */
  private static List<String> texts(String name, String key, @Nullable JsonValue value) {
    List<JsonValue> elements =
        switch (value) {
          case null -> List.of();
          case JsonValue.Arr(var several) -> several;
          case JsonValue single -> List.of(single);
        };
    List<String> texts = new ArrayList<>();
    for (JsonValue element : elements) {
      if (!(element instanceof JsonValue.Str(String text))) {
        throw new InvalidFamilyException(
            "family '" + name + "': '" + key + "', expected a string or an array of them");
      }
      texts.add(text);
    }
    return texts;
  }

  /** Options are those of the root, so that a misspelt one is found. */
  private String option(String key) {
    if (base != null && !options.containsKey(key)) {
      throw invalid("options." + key, "one of " + options.keySet());
    }
    return key;
  }

  private String tensor(String key) {
    if (base != null && !tensors.containsKey(key)) {
      throw invalid("tensors." + key, "one of " + tensors.keySet());
    }
    return key;
  }

  private Expression expression(String key, JsonValue value) {
    try {
      return switch (value) {
        case JsonValue.Str(String text) -> Expression.parse(text);
        case JsonValue.Num number -> Expression.parse(number.text());
        case JsonValue.Bool(boolean flag) -> Expression.parse(String.valueOf(flag));
        case JsonValue.Null _ -> Expression.parse("null");
        case JsonValue.Arr _, JsonValue.Obj _ ->
            throw invalid("options." + key, "an expression, a number, true or false");
      };
    } catch (io.github.quant4j.grammar.SyntaxException e) {
      throw new InvalidFamilyException(
          "family '" + name + "': 'options." + key + "': " + e.getMessage(), e);
    }
  }

  private TensorName tensorName(String key, JsonValue value) {
    return switch (value) {
      case JsonValue.Null _ -> new TensorName(null, null, null);
      case JsonValue.Str(String text) -> new TensorName(null, text, null);
      case JsonValue.Obj choice -> {
        if (!choice.members().keySet().equals(Set.of("if", "then", "else"))) {
          throw invalid("tensors." + key, "members 'if', 'then' and 'else'");
        }
        yield new TensorName(
            expression(key, choice.members().getOrDefault("if", new JsonValue.Null())),
            part(key, choice.members().get("then")),
            part(key, choice.members().get("else")));
      }
      default -> throw invalid("tensors." + key, "a name, a choice or null");
    };
  }

  private @Nullable String part(String key, @Nullable JsonValue value) {
    return switch (value) {
      case JsonValue.Str(String text) -> text;
      case JsonValue.Null _ -> null;
      case null, default -> throw invalid("tensors." + key, "names or null to choose from");
    };
  }

  private List<JsonValue> allowed(String key, JsonValue value) {
    if (value instanceof JsonValue.Arr(var elements) && !elements.isEmpty()) {
      return elements;
    }
    throw invalid("expect." + key, "an array of the values that the runtime understands");
  }

  /** What messages and other descriptions call it. */
  public String name() {
    return name;
  }

  /** Names in {@code architectures} of config.json. */
  public List<String> architectures() {
    return architectures;
  }

  /** Names in {@code model_type} of config.json. */
  public List<String> modelTypes() {
    return modelTypes;
  }

  /** What it is, in a sentence. */
  public String about() {
    return about;
  }

  /** The description that this one extends; empty for the root. */
  public Optional<String> extended() {
    return Optional.ofNullable(base).map(FamilyDescription::name);
  }

  /** How many options differ from the description that it extends. */
  public int changes() {
    return changes;
  }

  /** Options with the expressions that they come from. */
  public Map<String, Expression> options() {
    return java.util.Collections.unmodifiableMap(options);
  }

  Expression option(String key, boolean required) {
    Expression found = options.get(key);
    if (found == null) {
      throw new IllegalStateException("no option '" + key + "'" + (required ? "" : " at all"));
    }
    return found;
  }

  TensorName tensorOf(String role) {
    TensorName found = tensors.get(role);
    if (found == null) {
      throw new IllegalStateException("no tensor '" + role + "'");
    }
    return found;
  }

  /** The names that configurations have for a member, the usual ones first. */
  List<String> spellings(String member) {
    List<String> others = members.getOrDefault(member, List.of());
    List<String> all = new ArrayList<>(others);
    if (!all.contains(member)) {
      all.add(member);
    }
    return all;
  }

  JsonValue otherwise(String member) {
    return defaults.getOrDefault(member, new JsonValue.Null());
  }

  Map<String, JsonValue> rotary() {
    return rotary;
  }

  Map<String, List<JsonValue>> expected() {
    return expected;
  }

  /** Whether a member is spoken of, so that nothing is lost if nobody asks for its value. */
  boolean speaksOf(String member) {
    return harmless.contains(member)
        || members.values().stream().anyMatch(names -> names.contains(member))
        || options.values().stream().anyMatch(option -> option.names().contains(member))
        || tensors.values().stream()
            .anyMatch(
                tensor ->
                    tensor.condition() != null && tensor.condition().names().contains(member));
  }
}
