// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Reads all spellings of the rotary embeddings' configuration: the base beside the other members of
 * the model with {@code rope_scaling}, whose kind is called {@code type} or {@code rope_type};
 * {@code rope_parameters}, which holds everything; and {@code rope_parameters} with an object for
 * each type of layer.
 *
 * <p>A member that the kind or the family has no use for is refused, since nobody can tell what it
 * was to change; so are members that contradict each other. Problems are gathered in the values.
 */
public final class RotaryReader {
  private static final String PARAMETERS = "rope_parameters";
  private static final String SCALING = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String FULL = "full_attention";
  private static final Rotary STAND_IN =
      new Rotary(2, 10_000, new RotaryScaling.None(), Rotary.Pairing.HALVES);

  /** The types of layers that a configuration may speak of. */
  private static final Set<String> LAYER_TYPES =
      Set.of(FULL, "sliding_attention", "chunked_attention", "linear_attention");

  /** What families call the base. */
  private static final List<String> THETA_MEMBERS =
      List.of(THETA, "rotary_emb_base", "rope_base", "rotary_base", "global_rope_theta");

  /** What families call the base of layers that see a window. */
  private static final List<String> WINDOWED_THETA_MEMBERS =
      List.of("rope_local_base_freq", "local_rope_theta");

  private final ConfigurationValues values;
  private final RotaryOptions options;
  private final Shape shape;
  private final RotaryPortionReader portion;
  private final Optional<Double> theta;
  private final Optional<Double> windowedTheta;
  private final Optional<Integer> originalPositions;

  /**
   * What the embeddings need to know of the model.
   *
   * @param headWidth channels of a head of which all or the first ones are rotated; 0 if it is not
   *     known, after a problem
   * @param maximumPositions the longest context
   * @param layerTypes the types of layers that the model has and that rotate, for example {@code
   *     full_attention}; at least one
   */
  public record Shape(int headWidth, int maximumPositions, List<String> layerTypes) {
    /** Copies the list. */
    public Shape {
      layerTypes = List.copyOf(layerTypes);
    }
  }

  /**
   * A member outside of the objects that states a base.
   *
   * @param member its name; empty if nothing states it
   * @param stated its value
   * @param otherwise the base if nobody states one
   */
  private record Base(Optional<String> member, Optional<Double> stated, double otherwise) {}

  private RotaryReader(ConfigurationValues values, RotaryOptions options, Shape shape) {
    this.values = values;
    this.options = options;
    this.shape = shape;
    this.portion = new RotaryPortionReader(values, options.portion(), shape.headWidth());
    this.theta = base(values, options.thetaMember());
    this.windowedTheta = windowedMember().flatMap(member -> base(values, member));
    this.originalPositions =
        values.optionalInteger(RotaryScalingReader.ORIGINAL_POSITIONS, 1, Integer.MAX_VALUE);
  }

  /**
   * Reads the embeddings of all types of layers.
   *
   * @return one for each of the shape's types, in their order; after a problem a stand-in
   */
  public static SequencedMap<String, Rotary> read(
      ConfigurationValues values, RotaryOptions options, Shape shape) {
    int problems = values.problems().size();
    RotaryReader reader = new RotaryReader(values, options, shape);
    SequencedMap<String, Rotary> read = reader.read();
    if (values.problems().size() == problems && shape.headWidth() > 0) {
      // Other names can be judged only by what was read.
      reader.requireNoOther(read);
    }
    return read;
  }

  /** With less than 1 the wavelengths would shrink, and with more than binary32 has be lost. */
  private static Optional<Double> base(ConfigurationValues at, String member) {
    Optional<Double> base = at.optionalPositive(member);
    if (base.isPresent() && (base.get() < 1 || base.get() > Float.MAX_VALUE)) {
      at.problem(member, "a base from 1 to " + Float.MAX_VALUE);
      return Optional.empty();
    }
    return base;
  }

  private Optional<String> windowedMember() {
    return Optional.ofNullable(options.windowed()).map(RotaryOptions.Windowed::member);
  }

  private SequencedMap<String, Rotary> read() {
    Optional<ConfigurationValues> parameters = values.section(PARAMETERS);
    Optional<ConfigurationValues> scaling = values.section(SCALING);
    if (parameters.isPresent()
        && scaling.isPresent()
        && !values.get(PARAMETERS).equals(values.get(SCALING))) {
      values.problem(SCALING, "nothing, or the same as '" + PARAMETERS + "'");
    }
    String name = parameters.isPresent() ? PARAMETERS : SCALING;
    Optional<ConfigurationValues> stated = parameters.or(() -> scaling);
    if (stated.isPresent() && stated.get().unread().stream().anyMatch(LAYER_TYPES::contains)) {
      return byType(stated.get(), name);
    }
    String otherwise = parameters.isPresent() ? "default" : "";
    SequencedMap<String, Rotary> rotaries = new LinkedHashMap<>();
    if (options.windowed() == null) {
      Rotary all = rotary(stated, name, otherwise, originalPositions, base(FULL));
      shape.layerTypes().forEach(type -> rotaries.put(type, all));
      return rotaries;
    }
    if (parameters.isPresent()) {
      values.problem(PARAMETERS, "an object for each type of layer");
    }
    for (String type : shape.layerTypes()) {
      rotaries.put(
          type,
          type.equals(FULL)
              ? rotary(stated, name, otherwise, originalPositions, base(FULL))
              : plain(base(type)));
    }
    return rotaries;
  }

  /** From an object that has one for each type of layer. */
  private SequencedMap<String, Rotary> byType(ConfigurationValues sections, String name) {
    List<String> types = sections.unread().stream().filter(LAYER_TYPES::contains).toList();
    SequencedMap<String, Rotary> rotaries = new LinkedHashMap<>();
    for (String type : shape.layerTypes()) {
      Optional<ConfigurationValues> section = sections.section(type);
      if (section.isEmpty() && sections.areSound(type)) {
        sections.problem(type, "an object, as the model has layers of this type");
      }
      rotaries.put(
          type,
          section.isEmpty()
              ? STAND_IN
              // What is stated outside is the original context of none of them.
              : rotary(section, name + "." + type, "default", Optional.empty(), base(type)));
    }
    sections.unread().stream()
        .filter(member -> !LAYER_TYPES.contains(member))
        .filter(member -> !sections.isNeutral(member))
        .forEach(member -> sections.problem(member, "types of layers only, beside " + types));
    return rotaries;
  }

  private Base base(String type) {
    RotaryOptions.Windowed windowed = options.windowed();
    return windowed == null || type.equals(FULL)
        ? new Base(Optional.of(options.thetaMember()), theta, options.theta())
        : new Base(windowedMember(), windowedTheta, windowed.theta());
  }

  /** Windowed layers that nothing but their base is stated of. */
  private Rotary plain(Base base) {
    int width = portion.width(Optional.empty());
    return width == 0
        ? STAND_IN
        : new Rotary(
            width, base.stated.orElse(base.otherwise), new RotaryScaling.None(), options.pairing());
  }

  private Rotary rotary(
      Optional<ConfigurationValues> section,
      String name,
      String otherwise,
      Optional<Integer> original,
      Base base) {
    int problems = values.problems().size();
    double found = theta(section, name, base);
    int width = portion.width(section);
    RotaryScaling scaling =
        section
            .map(
                object ->
                    new RotaryScalingReader(
                            object,
                            new RotaryScalingReader.Context(
                                width,
                                found,
                                shape.maximumPositions(),
                                original,
                                options.alpha(),
                                options.spelling()))
                        .read(otherwise))
            .orElse(options.scaling());
    if (section.isEmpty() && scaling instanceof RotaryScaling.Yarn && found <= 1) {
      values.problem(options.thetaMember(), "more than 1");
    }
    return width == 0 || values.problems().size() > problems
        ? STAND_IN
        : new Rotary(width, found, scaling, options.pairing());
  }

  private double theta(Optional<ConfigurationValues> section, String name, Base base) {
    Optional<Double> inner = section.flatMap(object -> base(object, THETA));
    if (inner.isPresent() && base.stated.isPresent() && !inner.equals(base.stated)) {
      String member = base.member.orElseThrow();
      if (values.areSound(member)) {
        values.problem(member, "the same as '" + name + "." + THETA + "', " + inner.get());
      }
    }
    return inner.or(() -> base.stated).orElse(base.otherwise);
  }

  /** Refuses other families' names, unless they say what holds anyway. */
  private void requireNoOther(SequencedMap<String, Rotary> rotaries) {
    Rotary full = rotaries.getOrDefault(FULL, rotaries.firstEntry().getValue());
    for (String member : THETA_MEMBERS) {
      if (!member.equals(options.thetaMember())) {
        requireNeutral(member, full.theta(), "a base of " + full.theta());
      }
    }
    for (String member : WINDOWED_THETA_MEMBERS) {
      if (!windowedMember().equals(Optional.of(member))) {
        requireNeutral(member, 0, "no such member");
      }
    }
    portion.requireNoOther(full.width());
  }

  private void requireNeutral(String member, double expected, String instead) {
    boolean isHarmless = values.isNeutral(member) || values.isNumber(member, expected);
    values.get(member);
    if (!isHarmless) {
      values.problem(member, "nothing (null): the model has " + instead);
    }
  }
}
