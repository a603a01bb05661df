// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.expression.Expression;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  /** Norms that the root has, and others may be without. */
  private static final Set<String> OMISSIBLE = Set.of("attention_norm", "mlp_norm", "final_norm");

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
  private final SequencedMap<String, String> meanings = new LinkedHashMap<>();
  private final Set<String> harmless = new LinkedHashSet<>();

  private FamilyDescription(
      String name, FamilySections sections, @Nullable FamilyDescription base) {
    this.name = name;
    this.base = base;
    this.architectures = sections.texts("architecture");
    this.modelTypes = sections.texts("model_type");
    this.about = Objects.requireNonNullElse(sections.text("about"), "");
    if (base != null) {
      sections.requireKnown("options", base.options.keySet());
      sections.requireKnown("tensors", base.tensors.keySet());
      members.putAll(base.members);
      defaults.putAll(base.defaults);
      options.putAll(base.options);
      tensors.putAll(base.tensors);
      rotary.putAll(base.rotary);
      expected.putAll(base.expected);
      meanings.putAll(base.meanings);
      harmless.addAll(base.harmless);
    }
    sections.requireNoLayer("members");
    sections.requireNoLayer("defaults");
    sections.read("members", members, sections::texts);
    sections.read("defaults", defaults, (_, value) -> value);
    sections.read("options", options, sections::expression);
    sections.read("tensors", tensors, sections::tensorName);
    sections.read("rotary", rotary, (_, value) -> value);
    sections.read("expect", expected, sections::allowed);
    sections.read("meaning", meanings, sections::text);
    harmless.addAll(sections.texts("harmless"));
    requireTensors(sections);
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
    FamilySections sections = new FamilySections(name, description, false);
    FamilyDescription family =
        new FamilyDescription(
            name,
            sections,
            families.apply(Objects.requireNonNullElse(sections.text("extends"), Families.ROOT)));
    RotaryOptionsReader.read(family);
    return family;
  }

  /** Reads the description that all others extend: every option and tensor with its default. */
  static FamilyDescription root(JsonValue.Obj description) {
    return new FamilyDescription(
        Families.ROOT, new FamilySections(Families.ROOT, description, true), null);
  }

  /** Refuses descriptions without tensors that no decoder of their kind does without. */
  private void requireTensors(FamilySections sections) {
    FamilyDescription root = root();
    tensors.forEach(
        (role, name) -> {
          TensorName first = root.tensorOf(role);
          boolean isMissing =
              name.name() == null || (name.condition() != null && name.otherwise() == null);
          if (isMissing && first.name() != null && !OMISSIBLE.contains(role)) {
            throw sections.invalid("tensors." + role, new JsonValue.Null(), "a name");
          }
          if (role.equals("block") && name.condition() != null) {
            throw sections.invalid("tensors.block", null, "one name for all models of the family");
          }
        });
  }

  private FamilyDescription root() {
    return base == null ? this : base.root();
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

  /** Options with the expressions that they come from. */
  public SequencedMap<String, Expression> options() {
    return Collections.unmodifiableSequencedMap(options);
  }

  SequencedMap<String, TensorName> tensors() {
    return Collections.unmodifiableSequencedMap(tensors);
  }

  /** What options and tensors mean, in a sentence each. */
  SequencedMap<String, String> meanings() {
    return Collections.unmodifiableSequencedMap(meanings);
  }

  Expression option(String key) {
    Expression found = options.get(key);
    if (found == null) {
      throw new IllegalStateException("no option '" + key + "'");
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

  /** All names of the member that has a spelling. */
  List<String> otherSpellings(String spelling) {
    return members.keySet().stream()
        .map(this::spellings)
        .filter(names -> names.contains(spelling))
        .findFirst()
        .orElse(List.of(spelling));
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

  /** Whether a member is in an expression, under this name. */
  boolean computesWith(String member) {
    return options.values().stream().anyMatch(option -> option.names().contains(member));
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
