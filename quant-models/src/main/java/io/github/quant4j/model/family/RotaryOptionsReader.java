// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.runtime.Rotary;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the section {@code rotary} of a description. */
final class RotaryOptionsReader {
  private static final Set<String> KEYS =
      Set.of(
          "theta",
          "theta_member",
          "fraction",
          "fraction_member",
          "channels",
          "channels_member",
          "interleaved",
          "windowed_theta",
          "windowed_theta_member",
          "alpha");

  private final FamilyDescription family;
  private final Map<String, JsonValue> section;

  private RotaryOptionsReader(FamilyDescription family) {
    this.family = family;
    this.section = family.rotary();
  }

  /**
   * Reads the section.
   *
   * @throws InvalidFamilyException if it is malformed
   */
  static RotaryOptions read(FamilyDescription family) {
    return new RotaryOptionsReader(family).read();
  }

  private RotaryOptions read() {
    for (String key : section.keySet()) {
      if (!KEYS.contains(key)) {
        throw invalid(key, "one of " + KEYS.stream().sorted().toList());
      }
    }
    RotaryOptions options = RotaryOptions.USUAL;
    if (section.containsKey("theta")) {
      options = options.withTheta(number("theta"));
    }
    String member = text("theta_member");
    if (member != null) {
      options = options.withThetaMember(member);
    }
    if (section.containsKey("fraction")) {
      String name = text("fraction_member");
      options =
          options.withPortion(
              new RotaryOptions.Portion.Fraction(
                  name == null ? "partial_rotary_factor" : name, number("fraction")));
    }
    String channels = text("channels_member");
    if (channels != null) {
      options =
          options.withPortion(
              new RotaryOptions.Portion.Channels(channels, (int) number("channels")));
    }
    if (section.get("interleaved") instanceof JsonValue.Bool(boolean interleaved) && interleaved) {
      options = options.interleaved();
    }
    if (section.containsKey("windowed_theta")) {
      options = options.withWindowed(text("windowed_theta_member"), number("windowed_theta"));
    }
    if (section.get("alpha") instanceof JsonValue.Bool(boolean alpha) && alpha) {
      options = options.withAlpha();
    }
    assert options.pairing() != Rotary.Pairing.INTERLEAVED || section.containsKey("interleaved");
    return options;
  }

  private double number(String key) {
    if (section.get(key) instanceof JsonValue.Num number) {
      return number.asDouble();
    }
    throw invalid(key, "a number");
  }

  private @Nullable String text(String key) {
    return switch (section.get(key)) {
      case null -> null;
      case JsonValue.Str(String text) -> text;
      default -> throw invalid(key, "the name of a member");
    };
  }

  private InvalidFamilyException invalid(String key, String expected) {
    return new InvalidFamilyException(
        "family '" + family.name() + "': 'rotary." + key + "', expected " + expected);
  }
}
