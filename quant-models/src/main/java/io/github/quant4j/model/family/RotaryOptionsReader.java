// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
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
          "backward",
          "other_members",
          "kinds",
          "windowed_theta",
          "windowed_theta_member",
          "alpha");

  private static final int MOST_CHANNELS = 1 << 24;

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
        throw new InvalidFamilyException(
            "family '"
                + family.name()
                + "': 'rotary."
                + key
                + "' is not known"
                + FamilySections.hint(key, KEYS));
      }
    }
    RotaryOptions options = RotaryOptions.USUAL.withPortion(portion());
    if (section.containsKey("theta")) {
      options = options.withTheta(number("theta"));
    }
    String member = text("theta_member");
    if (member != null) {
      options = options.withThetaMember(member);
    }
    if (flag("interleaved")) {
      options = options.interleaved();
    }
    if (flag("backward")) {
      if (flag("interleaved")) {
        throw invalid("backward", "nothing beside 'rotary.interleaved'");
      }
      options = options.backward();
    }
    options = options.withSpelling(new RotaryOptions.Spelling(names("other_members"), kinds()));
    requireTogether("windowed_theta_member", "windowed_theta");
    if (section.containsKey("windowed_theta")) {
      options = options.withWindowed(text("windowed_theta_member"), number("windowed_theta"));
    }
    return flag("alpha") ? options.withAlpha() : options;
  }

  private RotaryOptions.Portion portion() {
    requireTogether("fraction_member", "fraction");
    requireTogether("channels_member", "channels");
    requireTogether("channels", "channels_member");
    String channels = text("channels_member");
    if (channels != null) {
      if (section.containsKey("fraction")) {
        throw invalid("fraction", "nothing beside 'rotary.channels'");
      }
      double number = number("channels");
      if (number > MOST_CHANNELS || number % 2 != 0) {
        throw invalid("channels", "an even number of at most " + MOST_CHANNELS);
      }
      return new RotaryOptions.Portion.Channels(channels, (int) number);
    }
    if (!section.containsKey("fraction")) {
      return new RotaryOptions.Portion.Whole();
    }
    double fraction = number("fraction");
    if (fraction > 1) {
      throw invalid("fraction", "at most 1");
    }
    String name = text("fraction_member");
    return new RotaryOptions.Portion.Fraction(
        name == null ? "partial_rotary_factor" : name, fraction);
  }

  private void requireTogether(String key, String other) {
    if (section.containsKey(key) && !section.containsKey(other)) {
      throw invalid(key, "'rotary." + other + "' beside it");
    }
  }

  private Set<String> names(String key) {
    Set<String> names = new HashSet<>();
    if (section.containsKey(key)) {
      if (!(section.get(key) instanceof JsonValue.Arr(List<JsonValue> elements))) {
        throw invalid(key, "an array of names of members");
      }
      for (JsonValue element : elements) {
        if (!(element instanceof JsonValue.Str(String name))) {
          throw invalid(key, "an array of names of members");
        }
        names.add(name);
      }
    }
    return names;
  }

  private Map<String, String> kinds() {
    Map<String, String> kinds = new HashMap<>();
    if (section.containsKey("kinds")) {
      if (!(section.get("kinds") instanceof JsonValue.Obj object)) {
        throw invalid("kinds", "an object of names of kinds");
      }
      for (String kind : object.members().keySet()) {
        kinds.put(kind, object.getString(kind).orElseThrow(() -> invalid("kinds", "texts")));
      }
    }
    return kinds;
  }

  private boolean flag(String key) {
    return switch (section.get(key)) {
      case null -> false;
      case JsonValue.Bool(boolean value) -> value;
      default -> throw invalid(key, "true or false");
    };
  }

  private double number(String key) {
    if (section.get(key) instanceof JsonValue.Num number
        && number.asDouble() > 0
        && Double.isFinite(number.asDouble())) {
      return number.asDouble();
    }
    throw invalid(key, "a positive number");
  }

  private @Nullable String text(String key) {
    return switch (section.get(key)) {
      case null -> null;
      case JsonValue.Str(String text) when !text.isEmpty() -> text;
      default -> throw invalid(key, "the name of a member");
    };
  }

  private InvalidFamilyException invalid(String key, String expected) {
    JsonValue found = section.get(key);
    return new InvalidFamilyException(
        "family '"
            + family.name()
            + "': 'rotary."
            + key
            + "': "
            + (found == null ? "missing" : JsonWriter.compact(found))
            + ", expected "
            + expected);
  }
}
