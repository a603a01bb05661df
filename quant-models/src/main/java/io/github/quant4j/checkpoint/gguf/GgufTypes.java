// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.gguf;

import io.github.quant4j.io.gguf.GgufTensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What the tensors of a file are stored as: a preset, with other types for some names.
 *
 * <p>Written as {@code Q4_K_M}, or {@code Q4_K_M,attn_v=Q6_K,pure}: patterns are searched for in
 * names, the first that is found counts; {@code pure} is the preset's type for every matrix.
 *
 * @param preset the preset
 * @param pure whether all matrices have the preset's own type
 * @param overrides other types, by patterns
 */
public record GgufTypes(GgufPreset preset, boolean pure, List<NamedType> overrides) {

  /** Copies the list. */
  public GgufTypes {
    overrides = List.copyOf(overrides);
  }

  /**
   * Another type for some names.
   *
   * @param pattern is searched for in names
   * @param type what they are stored as
   */
  public record NamedType(Pattern pattern, GgufTensorType type) {}

  /**
   * Parses what people write.
   *
   * @param text for example {@code Q4_K_M,attn_v=Q6_K}
   * @return the types
   * @throws IllegalArgumentException if a name is not known, or a pattern malformed
   */
  public static GgufTypes parse(String text) {
    String[] parts = text.split(",", -1);
    GgufPreset preset =
        GgufPreset.find(parts[0].trim())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "'" + text + "': expected one of " + GgufPreset.names()));
    boolean pure = false;
    List<NamedType> overrides = new ArrayList<>();
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].trim();
      int equals = part.lastIndexOf('=');
      if (part.equals("pure")) {
        pure = true;
      } else if (equals > 0) {
        overrides.add(
            new NamedType(
                pattern(part.substring(0, equals)), type(part.substring(equals + 1).trim())));
      } else {
        throw new IllegalArgumentException(
            "'" + part + "' in '" + text + "': expected 'pure' or PATTERN=TYPE");
      }
    }
    return new GgufTypes(preset, pure, overrides);
  }

  private static Pattern pattern(String text) {
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("pattern '" + text + "': " + e.getDescription(), e);
    }
  }

  private static GgufTensorType type(String name) {
    for (GgufTensorType type : GgufTensorType.values()) {
      if (type.name().equals(name.toUpperCase(Locale.ROOT))) {
        return type;
      }
    }
    throw new IllegalArgumentException("'" + name + "': expected a type such as Q6_K");
  }

  Optional<GgufTensorType> override(String tensor) {
    return overrides.stream()
        .filter(one -> one.pattern.matcher(tensor).find())
        .map(NamedType::type)
        .findFirst();
  }

  /** As it is parsed. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(preset.name());
    overrides.forEach(one -> text.append(',').append(one.pattern).append('=').append(one.type));
    return text.append(pure ? ",pure" : "").toString();
  }
}
