// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads all spellings of the rotary embedding's configuration: {@code rope_theta} with {@code
 * rope_scaling}, whose kind is called {@code type} or {@code rope_type}; {@code rope_parameters},
 * which holds everything; and {@code rope_parameters} with an object for each type of layer.
 *
 * <p>A member that the kind has no use for is refused, since nobody can tell what it was to change.
 */
final class RotaryReader {
  private static final double DEFAULT_THETA = 10_000;
  private static final String PARAMETERS = "rope_parameters";
  private static final String SCALING = "rope_scaling";
  private static final String THETA = "rope_theta";
  private static final String PARTIAL = "partial_rotary_factor";

  /** What some writers add to every kind; it changes a kind that reads it only. */
  private static final Set<String> PASSED_OVER =
      Set.of("original_max_position_embeddings", "finetuned");

  /** The types of layers that a configuration may speak of. */
  private static final Set<String> LAYER_TYPES =
      Set.of("full_attention", "sliding_attention", "chunked_attention", "linear_attention");

  private final ConfigurationValues values;
  private final List<String> layerTypes;

  /**
   * A reader.
   *
   * @param layerTypes the types of layers that the model has
   */
  RotaryReader(ConfigurationValues values, List<String> layerTypes) {
    this.values = values;
    this.layerTypes = layerTypes;
  }

  LlamaConfiguration.Rotary read() {
    Optional<ConfigurationValues> parameters = values.section(PARAMETERS).flatMap(this::ofLayers);
    Optional<ConfigurationValues> scaling = values.section(SCALING).flatMap(this::ofLayers);
    requireWhole(values);
    if (parameters.isPresent()
        && scaling.isPresent()
        && !values.get(PARAMETERS).equals(values.get(SCALING))) {
      values.problem(SCALING, "nothing, or the same as '" + PARAMETERS + "'");
    }
    LlamaConfiguration.Rotary rotary =
        new LlamaConfiguration.Rotary(
            theta(parameters.isPresent() ? PARAMETERS : SCALING, parameters.or(() -> scaling)),
            parameters
                .map(section -> scaling(section, "default"))
                .or(() -> scaling.map(section -> scaling(section, "")))
                .orElseGet(RotaryScaling.None::new));
    parameters.ifPresent(RotaryReader::requireKnown);
    if (parameters.isEmpty()) {
      scaling.ifPresent(RotaryReader::requireKnown);
    }
    return rotary;
  }

  /** The section for the layers that the model has, if there is one for each type of layer. */
  private Optional<ConfigurationValues> ofLayers(ConfigurationValues section) {
    List<String> types = section.unread().stream().filter(LAYER_TYPES::contains).toList();
    if (types.isEmpty()) {
      return Optional.of(section);
    }
    List<JsonValue> different = new ArrayList<>();
    for (String type : layerTypes) {
      if (section.get(type).isEmpty()) {
        section.problem(type, "an object, as the model has layers of this type");
        return Optional.empty();
      }
      JsonValue value = section.get(type).get();
      if (!different.contains(value)) {
        different.add(value);
      }
    }
    if (different.size() > 1) {
      section.problem(
          layerTypes.getLast(),
          "the same as '"
              + layerTypes.getFirst()
              + "': the runtime has one kind of rotary embedding for all layers");
    }
    section.unread().stream()
        .filter(member -> !LAYER_TYPES.contains(member))
        .filter(member -> !section.isNeutral(member))
        .forEach(member -> section.problem(member, "types of layers only, beside " + types));
    return section.section(layerTypes.getFirst());
  }

  private double theta(String name, Optional<ConfigurationValues> section) {
    Optional<Double> top = values.optionalPositive(THETA);
    Optional<Double> inner = section.flatMap(found -> found.optionalPositive(THETA));
    if (top.isPresent() && inner.isPresent() && !top.equals(inner)) {
      values.problem(THETA, "the same as '" + name + "." + THETA + "', " + inner.get());
    }
    return inner.or(() -> top).orElse(DEFAULT_THETA);
  }

  private static RotaryScaling scaling(ConfigurationValues section, String otherwise) {
    requireWhole(section);
    Optional<String> newer = section.text("rope_type");
    Optional<String> older = section.text("type");
    if (newer.isPresent() && older.isPresent() && !newer.equals(older)) {
      section.problem("type", "the same as 'rope_type', \"" + newer.get() + "\"");
    }
    return switch (newer.or(() -> older).orElse(otherwise)) {
      case "default" -> new RotaryScaling.None();
      case "linear" -> new RotaryScaling.Linear(factor(section));
      case "llama3" -> llama3(section);
      default -> {
        section.problem(
            section.has("type") && !section.has("rope_type") ? "type" : "rope_type",
            "\"default\", \"linear\" or \"llama3\", the kinds that the runtime has");
        section.unread().forEach(section::get);
        yield new RotaryScaling.None();
      }
    };
  }

  /** Refuses members that the kind does not read, but for a factor of 1 and what says nothing. */
  private static void requireKnown(ConfigurationValues section) {
    for (String member : section.unread()) {
      boolean isHarmless =
          PASSED_OVER.contains(member)
              || section.isNeutral(member)
              || ((member.equals("factor") || member.equals("attention_factor"))
                  && section.isNumber(member, 1));
      if (!isHarmless) {
        section.problem(
            member, "nothing (null): this kind of rotary embedding reads no such member");
      }
    }
  }

  private static double factor(ConfigurationValues section) {
    double factor = section.positive("factor");
    if (factor < 1) {
      section.problem("factor", "at least 1");
    }
    return factor;
  }

  private static RotaryScaling llama3(ConfigurationValues section) {
    double factor = factor(section);
    double low = section.positive("low_freq_factor");
    double high = section.positive("high_freq_factor");
    if (section.has("low_freq_factor") && section.has("high_freq_factor") && high <= low) {
      section.problem("high_freq_factor", "more than 'low_freq_factor', which is " + low);
    }
    return new RotaryScaling.Llama3(
        factor,
        low,
        high,
        section.integer("original_max_position_embeddings", 1, Integer.MAX_VALUE));
  }

  private static void requireWhole(ConfigurationValues section) {
    if (section.optionalPositive(PARTIAL).orElse(1.0) != 1.0) {
      section.problem(PARTIAL, "1: the runtime rotates whole heads");
    }
  }
}
