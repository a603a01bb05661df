// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.expression.Expression;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An architecture of llama.cpp, as data: which families of Hugging Face it is, how the members of
 * their {@code config.json} come from metadata and metadata from options, and what tensors are
 * called. {@code docs/gguf.md} explains the form.
 */
public final class GgufArchitecture {
  private static final Set<String> SECTIONS =
      Set.of(
          "architecture",
          "families",
          "family",
          "about",
          "extends",
          "rope",
          "scaling",
          "fused",
          "latent",
          "output",
          "window_period",
          "config",
          "metadata",
          "tensors",
          "requires",
          "expects",
          "harmless");

  private final String name;
  private final String about;
  private final List<String> families;
  private final Expression family;
  private final Pairs pairs;
  private final Set<String> scaling;
  private final Set<String> fused;
  private final boolean latentSplit;
  private final boolean headStored;
  private final int windowPeriod;
  private final SequencedMap<String, Expression> config = new LinkedHashMap<>();
  private final SequencedMap<String, Metadatum> metadata = new LinkedHashMap<>();
  private final SequencedMap<String, Name> tensors = new LinkedHashMap<>();
  private final List<Expression> requirements = new ArrayList<>();
  private final SequencedMap<String, List<JsonValue>> expected = new LinkedHashMap<>();
  private final Set<String> harmless = new LinkedHashSet<>();

  /** Which channels of a head positions turn together, in llama.cpp's program. */
  enum Pairs {
    /** There are no rotary positions. */
    NONE,
    /** Neighbours. */
    INTERLEAVED,
    /** Halves. */
    HALVES
  }

  /** The types of metadata values that are written. */
  enum ValueType {
    U32,
    F32,
    BOOL,
    STRING
  }

  /**
   * A key that is written.
   *
   * @param value an expression over a family's options; null makes no key
   */
  record Metadatum(ValueType type, Expression value) {}

  /**
   * A name, or one of two.
   *
   * @param condition over the members of the family's configuration; null if there is one name only
   */
  record Name(@Nullable Expression condition, String name, String otherwise) {}

  private GgufArchitecture(JsonValue.Obj description, @Nullable GgufArchitecture base) {
    for (String section : description.members().keySet()) {
      if (!SECTIONS.contains(section)) {
        throw new JsonException("'" + section + "' is not a section of a GGUF architecture");
      }
    }
    this.name = description.getString("architecture").orElse("");
    this.about = description.getString("about").orElse("");
    this.families = texts(description, "families");
    this.family =
        Expression.parse(
            description
                .getString("family")
                .orElse(families.isEmpty() ? "null" : "'" + families.getFirst() + "'"));
    this.pairs =
        switch (description.getString("rope").orElse("none")) {
          case "interleaved" -> Pairs.INTERLEAVED;
          case "halves" -> Pairs.HALVES;
          case "none" -> Pairs.NONE;
          default -> throw new JsonException("'rope': expected interleaved, halves or none");
        };
    this.scaling = Set.copyOf(texts(description, "scaling"));
    this.fused = Set.copyOf(texts(description, "fused"));
    this.latentSplit = description.getString("latent").isPresent();
    this.headStored = description.getBoolean("output").orElse(false);
    this.windowPeriod = description.getInt("window_period").orElse(0);
    if (base != null) {
      config.putAll(base.config);
      metadata.putAll(base.metadata);
      tensors.putAll(base.tensors);
      requirements.addAll(base.requirements);
      expected.putAll(base.expected);
      harmless.addAll(base.harmless);
    }
    section(description, "config").forEach((key, value) -> config.put(key, expression(key, value)));
    section(description, "metadata")
        .forEach(
            (type, keys) -> {
              ValueType kind = ValueType.valueOf(type.toUpperCase(Locale.ROOT));
              ((JsonValue.Obj) keys)
                  .members()
                  .forEach(
                      (key, value) ->
                          metadata.put(key, new Metadatum(kind, expression(key, value))));
            });
    section(description, "tensors").forEach((role, value) -> tensors.put(role, name(role, value)));
    texts(description, "requires").forEach(text -> requirements.add(Expression.parse(text)));
    section(description, "expects")
        .forEach((key, value) -> expected.put(key, ((JsonValue.Arr) value).elements()));
    harmless.addAll(texts(description, "harmless"));
  }

  static GgufArchitecture of(JsonValue.Obj description, @Nullable GgufArchitecture base) {
    return new GgufArchitecture(description, base);
  }

  private static SequencedMap<String, JsonValue> section(JsonValue.Obj description, String name) {
    return description.getObject(name).map(JsonValue.Obj::members).orElseGet(LinkedHashMap::new);
  }

  private static List<String> texts(JsonValue.Obj description, String name) {
    return description
        .getArray(name)
        .map(
            list ->
                list.stream()
                    .map(
                        value -> {
                          if (value instanceof JsonValue.Str(String text)) {
                            return text;
                          }
                          throw new JsonException("'" + name + "': expected strings");
                        })
                    .toList())
        .orElse(List.of());
  }

  private static Expression expression(String key, JsonValue value) {
    if (value instanceof JsonValue.Str(String text)) {
      return Expression.parse(text);
    }
    throw new JsonException("'" + key + "': expected an expression");
  }

  private static Name name(String role, JsonValue value) {
    return switch (value) {
      case JsonValue.Str(String text) -> new Name(null, text, text);
      case JsonValue.Obj choice ->
          new Name(
              Expression.parse(choice.getString("if").orElseThrow()),
              choice.getString("then").orElseThrow(),
              choice.getString("else").orElseThrow());
      default -> throw new JsonException("'" + role + "': expected a name");
    };
  }

  /**
   * The name.
   *
   * @return {@code general.architecture}, for example {@code llama}
   */
  public String name() {
    return name;
  }

  /**
   * What it is, in a sentence.
   *
   * @return for readers
   */
  public String about() {
    return about;
  }

  /**
   * The families of Hugging Face that are written as this.
   *
   * @return names of descriptions
   */
  public List<String> families() {
    return families;
  }

  Expression family() {
    return family;
  }

  Pairs pairs() {
    return pairs;
  }

  /** The kinds of rotary scaling that llama.cpp applies here: linear, yarn, factors, long. */
  Set<String> scaling() {
    return scaling;
  }

  /** What is stored in one tensor: {@code qkv}, {@code gate_up}. */
  boolean isFused(String what) {
    return fused.contains(what);
  }

  /** Whether the second projection of latent attention is stored in two parts. */
  boolean isLatentSplit() {
    return latentSplit;
  }

  /** Whether the head is stored even if it is that of the embeddings. */
  boolean isHeadStored() {
    return headStored;
  }

  /**
   * The layers from one that sees everything to the next, where files do not say; 0 where layers do
   * not differ.
   */
  int windowPeriod() {
    return windowPeriod;
  }

  SequencedMap<String, Expression> config() {
    return Collections.unmodifiableSequencedMap(config);
  }

  SequencedMap<String, Metadatum> metadata() {
    return Collections.unmodifiableSequencedMap(metadata);
  }

  Optional<Name> tensor(String role) {
    return Optional.ofNullable(tensors.get(role));
  }

  List<Expression> requirements() {
    return List.copyOf(requirements);
  }

  Map<String, List<JsonValue>> expected() {
    return Collections.unmodifiableMap(expected);
  }

  boolean isHarmless(String key) {
    return harmless.contains(key);
  }

  /** The name. */
  @Override
  public String toString() {
    return name;
  }
}
