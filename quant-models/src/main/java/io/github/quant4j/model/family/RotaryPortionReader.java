// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.model.runtime.ConfigurationValues;
import java.util.List;
import java.util.Optional;

/** Reads how many channels of a head are rotated. */
final class RotaryPortionReader {
  private static final String PARTIAL = "partial_rotary_factor";
  private static final String CHANNELS = "rotary_dim";

  /** What families call the fraction of a head. */
  private static final List<String> FRACTION_MEMBERS =
      List.of(PARTIAL, "rotary_pct", "rotary_percentage", "rotary_emb_fraction");

  private final ConfigurationValues values;
  private final RotaryOptions.Portion portion;
  private final int headWidth;
  private final Optional<Double> fraction;
  private final Optional<Integer> channels;

  /**
   * A reader.
   *
   * @param headWidth channels of a head; 0 if they are not known, after a problem
   */
  RotaryPortionReader(ConfigurationValues values, RotaryOptions.Portion portion, int headWidth) {
    this.values = values;
    this.portion = portion;
    this.headWidth = headWidth;
    this.fraction =
        portion instanceof RotaryOptions.Portion.Fraction(String member, double _)
            ? values.optionalPositive(member)
            : Optional.empty();
    this.channels =
        portion instanceof RotaryOptions.Portion.Channels(String member, int _)
            ? values.optionalInteger(member, 2, Integer.MAX_VALUE)
            : Optional.empty();
  }

  /**
   * The channels that are rotated.
   *
   * @param section an object for rotary embeddings, if there is one
   * @return an even number, or 0 after a problem
   */
  int width(Optional<ConfigurationValues> section) {
    Optional<Double> inner = section.flatMap(object -> object.optionalPositive(PARTIAL));
    return switch (portion) {
      case RotaryOptions.Portion.Whole() -> same(section, inner, checked(headWidth, "head_dim"));
      case RotaryOptions.Portion.Channels(String member, int otherwise) ->
          same(section, inner, checked(channels.orElse(otherwise), member));
      case RotaryOptions.Portion.Fraction(String member, double otherwise) -> {
        if (inner.isPresent() && fraction.isPresent() && !inner.equals(fraction)) {
          problem(
              values, member, "the same as in the object for rotary embeddings, " + inner.get());
        }
        double part = inner.or(() -> fraction).orElse(otherwise);
        ConfigurationValues at = inner.isPresent() ? section.orElseThrow() : values;
        yield checked(at, inner.isPresent() ? PARTIAL : member, part);
      }
    };
  }

  private int checked(ConfigurationValues at, String member, double part) {
    if (headWidth == 0) {
      return 0;
    }
    int width = channels(part);
    if (part > 1 || width < 2 || width % 2 != 0) {
      String expected =
          "at most 1, and such that an even number of "
              + headWidth
              + " channels is rotated, found "
              + (long) (headWidth * part);
      if (at.has(member)) {
        problem(at, member, expected);
      } else if (at.areSound(member)) {
        at.problem(
            "'"
                + member
                + "', or '"
                + PARTIAL
                + "' in 'rope_parameters': missing, which means "
                + part
                + ", expected "
                + expected,
            List.of(member));
      }
      return 0;
    }
    return width;
  }

  private int checked(int width, String member) {
    if (headWidth == 0) {
      return 0;
    }
    if (width < 2 || width > headWidth || width % 2 != 0) {
      problem(
          values,
          member,
          "an even number of channels to rotate, at most " + headWidth + ", found " + width);
      return 0;
    }
    return width;
  }

  /** Refuses a fraction in the object that says something else. */
  private int same(Optional<ConfigurationValues> section, Optional<Double> inner, int width) {
    if (width != 0 && inner.isPresent() && channels(inner.get()) != width) {
      section.orElseThrow().problem(PARTIAL, "nothing (null): " + told(width));
    }
    return width;
  }

  /** Refuses other families' names, unless they say what holds anyway. */
  void requireNoOther(int width) {
    for (String member : FRACTION_MEMBERS) {
      if (!(portion instanceof RotaryOptions.Portion.Fraction(String name, double _)
          && member.equals(name))) {
        requireSame(
            member,
            values.optionalPositive(member).map(part -> channels(part) == width).orElse(true),
            width);
      }
    }
    if (!(portion instanceof RotaryOptions.Portion.Channels(String name, int _)
        && name.equals(CHANNELS))) {
      requireSame(CHANNELS, values.isNeutral(CHANNELS) || values.isNumber(CHANNELS, width), width);
      values.get(CHANNELS);
    }
  }

  private void requireSame(String member, boolean isSame, int width) {
    if (!isSame) {
      problem(values, member, "nothing (null): " + told(width));
    }
  }

  private String told(int width) {
    return "the model rotates " + width + " of " + headWidth + " channels of a head";
  }

  private int channels(double part) {
    return (int) (headWidth * part);
  }

  /** Once, however many types of layers the same member is read for. */
  private static void problem(ConfigurationValues at, String member, String expected) {
    if (at.areSound(member)) {
      at.problem(member, expected);
    }
  }
}
